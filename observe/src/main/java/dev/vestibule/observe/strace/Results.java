package dev.vestibule.observe.strace;

import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.SyscallRow;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import org.jspecify.annotations.Nullable;

/** How is a call's result shown? */
final class Results {
  private static final DateTimeFormatter DATE =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ssxx").withZone(ZoneOffset.UTC);

  private Results() {}

  /** Whether a result is one of the kernel's own codes for an interrupted call. */
  static boolean restarts(long result) {
    return result <= -Errno.ERESTARTSYS && result >= -Errno.ERESTART_RESTARTBLOCK;
  }

  /** Appends the text behind the equals sign. */
  static void append(Call call, StringBuilder text, SyscallRow.Result kind) {
    long result = call.result();
    if (restarts(result)) {
      text.append("? ").append(Errno.name((int) -result)).append(" (").append(restart(result));
      text.append(')');
      return;
    }
    if (Errno.failed(result)) {
      int errno = (int) -result;
      text.append("-1 ").append(Errno.name(errno));
      text.append(" (").append(Errno.message(errno)).append(')');
      return;
    }
    String note = call.note();
    if (ControlFormats.hexResult(call)) {
      Formats.hex(text, result);
      text.append(note == null ? "" : " (" + note + ')');
      return;
    }
    switch (kind) {
      case NOTHING -> text.append('?');
      case HEX -> Formats.hex(text, call.abi().wide() ? result : result & 0xffff_ffffL);
      case FD -> {
        text.append(result);
        if (call.paths()) {
          int length = call.text().length();
          Formats.fd(call, (int) result);
          text.append(call.text(), length + Long.toString(result).length(), call.text().length());
          call.text().setLength(length);
        }
      }
      default -> value(call, text, result);
    }
    if (note != null) {
      text.append(" (").append(note).append(')');
    }
  }

  private static void value(Call call, StringBuilder text, long result) {
    switch (call.name()) {
      case "umask" -> text.append(String.format("%03o", result).replaceFirst("^(?!0)", "0"));
      case "time" ->
          text.append(result)
              .append(" (")
              .append(DATE.format(Instant.ofEpochSecond(result)))
              .append(')');
      case "rt_sigtimedwait", "rt_sigtimedwait_time64" ->
          text.append(result).append(" (").append(Formats.signal(result)).append(')');
      case "sched_getscheduler" -> {
        text.append(result).append(" (");
        Tables.SCHED.value(text, result);
        text.append(')');
      }
      default -> text.append(result);
    }
  }

  private static @Nullable String restart(long result) {
    return switch ((int) -result) {
      case Errno.ERESTARTSYS -> "To be restarted if SA_RESTART is set";
      case Errno.ERESTARTNOINTR -> "To be restarted";
      case Errno.ERESTARTNOHAND -> "To be restarted if no handler";
      default -> "Interrupted by signal";
    };
  }
}
