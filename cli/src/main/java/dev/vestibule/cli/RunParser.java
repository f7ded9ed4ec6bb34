package dev.vestibule.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.time.format.DateTimeFormatter.ISO_DATE_TIME;

import dev.vestibule.cpu.Engine;
import dev.vestibule.host.HostSignal;
import dev.vestibule.kernel.Container;
import dev.vestibule.kernel.rseq.RseqOwner;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.TemporalAccessor;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How do words and variables become {@link RunOptions}?
 *
 * <p>A string has one char, 0..255, for each byte; {@link #text} decodes it where people read it.
 */
final class RunParser {
  private static final long MIN_STACK = 64 << 10;
  private static final long MAX_STACK = 1L << 40;

  /** The size of a cpu_set_t. */
  private static final int MOST_CPUS = 1024;

  private static final int MOST_PREEMPTIONS = 100_000;

  /** The last second that fits the kernel's count of nanoseconds in 63 bits. */
  private static final long LAST_SECOND = Long.MAX_VALUE / 1_000_000_000L;

  private final Map<String, String> hostVariables;
  private final Map<String, String> guestVariables;

  private @Nullable String argv0;
  private @Nullable String workingDirectory;
  private @Nullable String kernel;
  private @Nullable String release;
  private @Nullable Path sysroot;
  private @Nullable Path root;
  private RunOptions.Vdso vdso = new RunOptions.Vdso.OfProfile();
  private boolean compatVdso;
  private @Nullable Instant start;
  private double rate = 1;
  private OptionalLong seed = OptionalLong.empty();
  private OptionalInt cpus = OptionalInt.empty();
  private int preemptRate;
  private RseqOwner rseqOwner = RseqOwner.AUTO;
  private @Nullable String container;
  private @Nullable String checkpointSignal;
  private @Nullable Path checkpointDirectory;
  private long stackLimit = 8 << 20;
  private boolean strace;
  private @Nullable Path straceFile;
  private boolean stracePaths;
  private boolean straceTimes;
  private boolean straceSummary;
  private final Set<RunOptions.Trace> traces = EnumSet.noneOf(RunOptions.Trace.class);
  private boolean unsupported;
  private boolean statistics;
  private Engine engine = Engine.AUTO;
  private @Nullable Path dumpCode;
  private @Nullable String gdb;
  private boolean debug;
  private boolean help;

  RunParser(List<String> environment) {
    hostVariables = new LinkedHashMap<>();
    for (String entry : environment) {
      int equals = entry.indexOf('=');
      // A name is never empty here; an entry without '=' is inherited as it is.
      String name = equals < 1 ? entry : entry.substring(0, equals);
      hostVariables.putIfAbsent(name, entry);
    }
    guestVariables = new LinkedHashMap<>(hostVariables);
  }

  /** The options, or null where help is asked for. */
  @Nullable RunOptions parse(List<String> words) throws CommandFailure {
    for (RunOption option : RunOption.values()) {
      String variable = option.variable;
      String entry = variable == null ? null : hostVariables.get(variable);
      if (variable != null && entry != null && entry.length() > variable.length()) {
        // Like qemu-user, being set is enough for an option without an operand.
        String value = entry.substring(variable.length() + 1);
        apply(option, variable, option.takesNextArgument() ? value : null);
      }
    }
    int at = options(words);
    if (help) {
      return null;
    }
    if (at == words.size()) {
      throw failure("no program given (vestibule run --help shows the options)");
    }
    String program = words.get(at);
    return new RunOptions(
        program,
        argv0 == null ? program : argv0,
        List.copyOf(words.subList(at + 1, words.size())),
        List.copyOf(guestVariables.values()),
        workingDirectory,
        kernel,
        release,
        sysroot,
        root,
        vdso,
        compatVdso,
        new RunOptions.Clock(start, rate),
        seed,
        cpus,
        preemptRate,
        rseqOwner,
        container,
        checkpoint(),
        stackLimit,
        strace ? new RunOptions.Strace(straceFile, stracePaths, straceTimes, straceSummary) : null,
        Set.copyOf(traces),
        unsupported,
        statistics,
        engine,
        dumpCode,
        gdb,
        debug);
  }

  private RunOptions.@Nullable Checkpoint checkpoint() throws CommandFailure {
    String signal = checkpointSignal;
    Path directory = checkpointDirectory;
    if (signal == null && directory == null) {
      return null;
    }
    if (signal == null || directory == null) {
      throw failure("--checkpoint-on and --checkpoint-dir need each other");
    }
    return new RunOptions.Checkpoint(signal, directory);
  }

  /** The signal's name without SIG. */
  private static String signal(String source, String value) throws CommandFailure {
    String name = value.startsWith("SIG") ? value.substring(3) : value;
    if (!HostSignal.exists(name)) {
      throw failure(source + ": " + shown(value) + " is no name of a signal");
    }
    return name;
  }

  /** Reads options from the front of the words; the index of the first word that is none. */
  private int options(List<String> words) throws CommandFailure {
    int at = 0;
    while (at < words.size()) {
      String word = words.get(at);
      if (!word.startsWith("-")) {
        return at;
      }
      at++;
      if (word.equals("--")) {
        return at;
      }
      boolean isLong = word.startsWith("--");
      String name = word.substring(isLong ? 2 : 1);
      String operand = null;
      int equals = name.indexOf('=');
      if (isLong && equals >= 0) {
        operand = name.substring(equals + 1);
        name = name.substring(0, equals);
      }
      RunOption option = RunOption.named(name);
      if (option == null) {
        throw failure("unknown option " + shown(word));
      }
      String asGiven = (isLong ? "--" : "-") + name;
      if (operand != null && option.operand.isEmpty()) {
        throw failure(asGiven + ": takes no value");
      }
      if (operand == null && option.takesNextArgument()) {
        if (at == words.size()) {
          throw failure(asGiven + ": " + option.operand + " is missing");
        }
        operand = words.get(at++);
      }
      apply(option, asGiven, operand);
      if (help) {
        return at;
      }
    }
    return at;
  }

  /**
   * @param source the option or variable as the user wrote it, for messages
   * @param operand null exactly where the option has none or none was given
   */
  private void apply(RunOption option, String source, @Nullable String operand)
      throws CommandFailure {
    String value = operand == null ? "" : operand;
    switch (option) {
      case KERNEL -> kernel = notEmpty(source, text(value));
      case SYSROOT -> sysroot = path(source, value);
      case ROOT -> root = path(source, value);
      case SET_ENV -> {
        for (String variable : value.split(",", -1)) {
          set(source, variable);
        }
      }
      case UNSET_ENV -> {
        for (String name : value.split(",", -1)) {
          unset(source, name);
        }
      }
      case ENV -> set(source, value);
      case ARGV0 -> argv0 = value;
      case CWD -> workingDirectory = notEmpty(source, value);
      case STACK -> stackLimit = stack(source, value);
      case RELEASE -> release = notEmpty(source, text(value));
      case VDSO ->
          vdso =
              switch (value) {
                case "auto" -> new RunOptions.Vdso.OfProfile();
                case "off" -> new RunOptions.Vdso.Off();
                default -> new RunOptions.Vdso.File(path(source, value));
              };
      case COMPAT_VDSO ->
          compatVdso =
              switch (value) {
                case "", "on" -> true;
                case "off" -> false;
                default -> throw failure(source + ": " + shown(value) + " is neither on nor off");
              };
      case TIME -> start = value.equals("now") ? null : time(source, value);
      case TIME_RATE -> rate = rate(source, value);
      case SEED -> seed = OptionalLong.of(number(source, value));
      case CPUS -> cpus = OptionalInt.of(count(source, value, MOST_CPUS));
      case RSEQ_OWNER -> rseqOwner = rseqOwner(source, value);
      case CONTAINER -> container = operand == null ? "container" : hostName(source, value);
      case CHECKPOINT_ON -> checkpointSignal = signal(source, value);
      case CHECKPOINT_DIR -> checkpointDirectory = path(source, value);
      case PREEMPT_RATE -> preemptRate = count(source, value, MOST_PREEMPTIONS);
      case STRACE -> {
        strace = true;
        straceFile = operand == null ? straceFile : path(source, operand);
      }
      case STRACE_FILE -> straceFile = path(source, value);
      case STRACE_PATHS -> strace = stracePaths = true;
      case STRACE_TIMES -> strace = straceTimes = true;
      case STRACE_SUMMARY -> strace = straceSummary = true;
      case TRACE -> {
        for (String name : value.split(",", -1)) {
          traces.add(trace(source, name));
        }
      }
      case UNSUPPORTED -> unsupported = true;
      case STATISTICS -> statistics = true;
      case ENGINE -> engine = engine(source, value);
      case DUMP_CODE -> dumpCode = path(source, value);
      case GDB -> gdb = notEmpty(source, text(value));
      case DEBUG -> debug = true;
      case HELP -> help = true;
    }
  }

  private void set(String source, String variable) throws CommandFailure {
    int equals = variable.indexOf('=');
    if (equals < 1) {
      throw failure(source + ": " + shown(variable) + " is not NAME=VALUE");
    }
    guestVariables.put(variable.substring(0, equals), variable);
  }

  private void unset(String source, String name) throws CommandFailure {
    if (name.isEmpty() || name.indexOf('=') >= 0) {
      throw failure(source + ": " + shown(name) + " is not the name of a variable");
    }
    guestVariables.remove(name);
  }

  private static RunOptions.Trace trace(String source, String name) throws CommandFailure {
    for (RunOptions.Trace trace : RunOptions.Trace.values()) {
      if (trace.name().toLowerCase(Locale.ROOT).replace('_', '-').equals(name)) {
        return trace;
      }
    }
    throw failure(source + ": " + shown(name) + " is none of startup, startup-json, calls, faults");
  }

  private static Engine engine(String source, String name) throws CommandFailure {
    for (Engine engine : Engine.values()) {
      if (engine.name().toLowerCase(Locale.ROOT).equals(name)) {
        return engine;
      }
    }
    throw failure(source + ": " + shown(name) + " is none of auto, interpret, translate, both");
  }

  private static RseqOwner rseqOwner(String source, String value) throws CommandFailure {
    RseqOwner owner = RseqOwner.of(text(value));
    if (owner == null) {
      throw failure(
          source
              + ": "
              + shown(value)
              + " is none of auto, libc, preload, none, and no library's name or path");
    }
    return owner;
  }

  private static Path path(String source, String value) throws CommandFailure {
    try {
      return Path.of(notEmpty(source, text(value)));
    } catch (InvalidPathException e) {
      throw failure(source + ": " + shown(value) + " is no file name in this locale");
    }
  }

  /** Bytes, or with a suffix as qemu-user has it: k, K (kibibytes) or M (mebibytes). */
  private static long stack(String source, String value) throws CommandFailure {
    int unit =
        switch (value.isEmpty() ? ' ' : value.charAt(value.length() - 1)) {
          case 'k', 'K' -> 10;
          case 'M' -> 20;
          default -> 0;
        };
    long count = number(source, unit == 0 ? value : value.substring(0, value.length() - 1));
    if (count < MIN_STACK >> unit || count > MAX_STACK >> unit) {
      throw failure(source + ": " + shown(value) + " is not between 64k and 1048576M");
    }
    return count << unit;
  }

  private static long number(String source, String value) throws CommandFailure {
    try {
      return Long.decode(value);
    } catch (NumberFormatException e) {
      throw failure(source + ": " + shown(value) + " is not a number");
    }
  }

  private static int count(String source, String value, int most) throws CommandFailure {
    long count = number(source, value);
    if (count < 1 || count > most) {
      throw failure(source + ": " + shown(value) + " is not between 1 and " + most);
    }
    return (int) count;
  }

  private static double rate(String source, String value) throws CommandFailure {
    try {
      double rate = Double.parseDouble(value);
      if (rate > 0 && rate <= 1e9) {
        return rate;
      }
    } catch (NumberFormatException e) {
      // Said below.
    }
    throw failure(source + ": " + shown(value) + " is not a number above 0, up to 1e9");
  }

  /** A time with an offset or Z, or without one in UTC. */
  private static Instant time(String source, String value) throws CommandFailure {
    try {
      Instant time =
          switch (ISO_DATE_TIME.parseBest(value, OffsetDateTime::from, LocalDateTime::from)) {
            case OffsetDateTime offset -> offset.toInstant();
            case TemporalAccessor local -> LocalDateTime.from(local).toInstant(ZoneOffset.UTC);
          };
      if (time.getEpochSecond() >= 0 && time.getEpochSecond() < LAST_SECOND) {
        return time;
      }
    } catch (DateTimeException e) {
      // Said below.
    }
    throw failure(
        source
            + ": "
            + shown(value)
            + " is not a time from 1970 to 2262 like 2005-06-17T12:00:00Z");
  }

  private static String hostName(String source, String value) throws CommandFailure {
    if (value.length() > Container.LONGEST_NAME || value.chars().anyMatch(c -> c <= ' ')) {
      throw failure(source + ": " + shown(value) + " is no host name of at most 64 bytes");
    }
    return notEmpty(source, value);
  }

  private static String notEmpty(String source, String value) throws CommandFailure {
    if (value.isEmpty()) {
      throw failure(source + ": the value is empty");
    }
    return value;
  }

  private static String text(String bytes) {
    return new String(bytes.getBytes(ISO_8859_1), UTF_8);
  }

  /** For a message: decoded, on one line, not endless. */
  private static String shown(String bytes) {
    StringBuilder shown = new StringBuilder("'");
    text(bytes)
        .codePoints()
        .limit(80)
        .map(c -> Character.isISOControl(c) ? '?' : c)
        .forEach(shown::appendCodePoint);
    return shown.append('\'').toString();
  }

  private static CommandFailure failure(String message) {
    return CommandFailure.ours("run: " + message);
  }
}
