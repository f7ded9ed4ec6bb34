package dev.vestibule.observe.strace;

import dev.vestibule.cpu.GuestFault;
import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.kernel.ArgKind;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.SyscallRow;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.GuestAbi;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What is printed of one system call in progress? */
final class Call {
  private final Task task;
  private final String name;
  private final List<ArgKind> kinds;
  private final long[] arguments;
  private final ArgFormat[] formats;
  private final @Nullable Object[] kept;
  private final boolean paths;
  private StringBuilder text = new StringBuilder();
  private int next;
  private boolean shown;
  private boolean separated;
  private boolean ended;
  private long result;
  private @Nullable String note;
  private final long started = System.nanoTime();

  Call(Task task, String name, SyscallRow row, long[] arguments, boolean paths) {
    this.task = task;
    this.name = name;
    this.kinds = row.kinds();
    this.arguments = arguments.clone();
    this.paths = paths;
    formats = new ArgFormat[kinds.size()];
    kept = new Object[kinds.size()];
    for (int i = 0; i < formats.length; i++) {
      formats[i] = Formats.of(kinds.get(i));
    }
  }

  Task task() {
    return task;
  }

  GuestAbi abi() {
    return task.abi();
  }

  GuestMemory memory() {
    return task.memory();
  }

  String name() {
    return name;
  }

  /** Where the arguments' text goes. */
  StringBuilder text() {
    return text;
  }

  /** Whether descriptors are shown with their files' names. */
  boolean paths() {
    return paths;
  }

  int count() {
    return kinds.size();
  }

  long argument(int index) {
    return index < arguments.length ? arguments[index] : 0;
  }

  /** The kind of an argument, or null where there is none. */
  @Nullable ArgKind kind(int index) {
    return index >= 0 && index < kinds.size() ? kinds.get(index) : null;
  }

  /** Shows an argument in another way than its kind says. */
  void reformat(int index, ArgFormat format) {
    if (index < formats.length) {
      formats[index] = format;
    }
  }

  /** Does not show the arguments from one on. */
  void cutFrom(int index) {
    for (int i = index; i < formats.length; i++) {
      formats[i] = ArgFormat.HIDDEN;
    }
  }

  /** Remembers what an argument's memory held when the call began. */
  void keep(int index, Object value) {
    kept[index] = value;
  }

  @Nullable Object kept(int index) {
    return kept[index];
  }

  boolean ended() {
    return ended;
  }

  /** Whether the call has ended with an error, an interruption included. */
  boolean failed() {
    return ended && Errno.failed(result);
  }

  long result() {
    return result;
  }

  long started() {
    return started;
  }

  /** Text behind the result, in parentheses. */
  void note(String text) {
    note = text;
  }

  @Nullable String note() {
    return note;
  }

  /** The text from the name to the last argument that is known before the call is carried out. */
  StringBuilder enter() {
    text.append(name).append('(');
    for (int i = 0; i < formats.length; i++) {
      try {
        formats[i].prepare(this, i);
      } catch (GuestFault | Failure notThere) {
        continue; // shown as an address later
      }
    }
    appendArguments();
    return text;
  }

  /** The whole text with addresses where the call fills something in. */
  String begin() {
    enter();
    for (; next < formats.length; next++) {
      if (formats[next] != ArgFormat.HIDDEN) {
        text.append(shown && !separated ? ", " : "");
        separated = false;
        shown = true;
        address(arguments[next]);
      }
    }
    return text.append(')').toString();
  }

  /** The text of the other arguments and the closing parenthesis. */
  StringBuilder leave(long value) {
    ended = true;
    result = value;
    text = new StringBuilder();
    appendArguments();
    for (int i = 0; i < formats.length; i++) {
      try {
        formats[i].conclude(this, i);
      } catch (GuestFault | Failure notThere) {
        continue; // no note then
      }
    }
    return text.append(')');
  }

  private void appendArguments() {
    for (; next < formats.length; next++) {
      ArgFormat format = formats[next];
      if (format == ArgFormat.HIDDEN) {
        continue;
      }
      if (shown && !separated && !format.glued()) {
        text.append(", ");
      }
      separated = true;
      shown = true;
      if (!ended && format.late()) {
        return;
      }
      separated = false;
      append(format);
    }
  }

  /** A structure that cannot be read is shown as its address. */
  private void append(ArgFormat format) {
    int before = text.length();
    try {
      format.append(this, next);
    } catch (GuestFault | Failure e) {
      text.setLength(before);
      address(arguments[next]);
    }
  }

  /** Appends a pointer. */
  void address(long value) {
    if (value == 0) {
      text.append("NULL");
    } else {
      text.append("0x").append(Long.toHexString(value));
    }
  }
}
