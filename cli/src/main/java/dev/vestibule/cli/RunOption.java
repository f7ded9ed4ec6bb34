package dev.vestibule.cli;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which options does {@code vestibule run} know, under which names and variables?
 *
 * <p>Names are written here without dashes; one or two lead to the same option, as in qemu-user.
 * Where qemu-user has an option of the same name, or a variable, ours means the same.
 */
enum RunOption {
  KERNEL("kernel", "NAME|FILE", "the kernel profile: 6.1, ppc64le-6.1 or a profile file"),
  SYSROOT("L", "QEMU_LD_PREFIX", "DIR", "look for the program's interpreter and libraries in DIR"),
  ROOT("root", "DIR", "show the program DIR as its whole file tree"),
  SET_ENV("E", "QEMU_SET_ENV", "NAME=VALUE[,...]", "set variables of the program"),
  UNSET_ENV("U", "QEMU_UNSET_ENV", "NAME[,...]", "unset variables of the program"),
  ENV("env", "NAME=VALUE", "set one variable, whose value may hold commas"),
  ARGV0("0 argv0", "QEMU_ARGV0", "STRING", "give the program STRING as its argv[0]"),
  CWD("cwd", "DIR", "start in the guest's DIR"),
  STACK("s", "QEMU_STACK_SIZE", "SIZE", "limit of the main stack in bytes, or with k or M (8M)"),
  RELEASE("r", "QEMU_UNAME", "RELEASE", "let uname say RELEASE"),
  VDSO("vdso", "auto|off|FILE", "the vDSO image: the profile's own, none, or one from a file"),
  COMPAT_VDSO(
      "compat-vdso", "[=on|off]", "start once more without vDSO if the program aborts at once"),
  TIME("time", "ISO|now", "when the program's clock starts, as 2005-06-17T12:00:00Z"),
  TIME_RATE("time-rate", "R", "how fast its clock runs (1)"),
  SEED("seed", "QEMU_RAND_SEED", "N", "make addresses and random bytes depend on N alone"),
  CPUS("cpus", "N", "how many CPUs the guest has (the host's)"),
  RSEQ_OWNER(
      "rseq-owner",
      "WHO",
      "who may register restartable sequences: auto, libc, preload, none or a library's SONAME"),
  CONTAINER(
      "container",
      "[=NAME]",
      "a host name, a monotonic clock and a vDSO of its own (name: container)"),
  PREEMPT_RATE("preempt-rate", "N", "preempt each running thread N times a second, at random"),
  CHECKPOINT_ON("checkpoint-on", "SIGNAL", "freeze the program when the JVM gets SIGNAL, as USR1"),
  CHECKPOINT_DIR("checkpoint-dir", "DIR", "where the images of --checkpoint-on go"),
  STRACE("strace", "QEMU_STRACE", "[=FILE]", "print system calls of all its processes"),
  STRACE_FILE("D", "QEMU_LOG_FILENAME", "FILE", "print them to FILE, where they are printed"),
  STRACE_PATHS("y", "", "print paths of file descriptors, as strace -y"),
  STRACE_TIMES("T", "", "print the time spent in each call, as strace -T"),
  STRACE_SUMMARY("c", "", "print counts by call instead, as strace -c"),
  TRACE(
      "trace",
      "startup|startup-json|calls|faults",
      "show the start-up, the vDSO calls or the faults"),
  UNSUPPORTED("unsupported", "", "list in the end what the program asked for in vain"),
  STATISTICS("stats", "", "print how much was executed, and why machine code was left"),
  ENGINE(
      "engine", "auto|interpret|translate|both", "who executes code; both compares the two (auto)"),
  DUMP_CODE("dump-code", "FILE", "list the machine code that is made of each instruction"),
  GDB("g", "QEMU_GDB", "PORT|SOCKET", "wait for gdb before the first instruction"),
  DEBUG("debug", "", "show stack traces of internal errors"),
  HELP("h help", "", "print this");

  private static final Map<String, RunOption> BY_NAME = new HashMap<>();

  static {
    for (RunOption option : values()) {
      for (String name : option.names) {
        BY_NAME.put(name, option);
      }
    }
  }

  /** Names without dashes, the usual one first. */
  final List<String> names;

  /** The variable that stands for the option, or null. */
  final @Nullable String variable;

  /** What follows the option: empty for nothing, in brackets where it may be left out. */
  final String operand;

  final String description;

  RunOption(String names, String operand, String description) {
    this(names, null, operand, description);
  }

  RunOption(String names, @Nullable String variable, String operand, String description) {
    this.names = List.of(names.split(" "));
    this.variable = variable;
    this.operand = operand;
    this.description = description;
  }

  /** The option of that name (without dashes), or null. */
  static @Nullable RunOption named(String name) {
    return BY_NAME.get(name);
  }

  /** Whether the next argument is its operand when it has no {@code =}. */
  boolean takesNextArgument() {
    return !operand.isEmpty() && !operand.startsWith("[");
  }

  /** The name as a message shows it. */
  @Override
  public String toString() {
    return dashed(names.getFirst());
  }

  private static String dashed(String name) {
    return (name.length() == 1 ? "-" : "--") + name;
  }

  /** What {@code vestibule run --help} prints. */
  static String help() {
    StringBuilder text = new StringBuilder();
    text.append("usage: vestibule run [options] PROGRAM [ARG...]\n\n");
    for (RunOption option : values()) {
      StringBuilder names = new StringBuilder("  ");
      for (String name : option.names) {
        names.append(names.length() > 2 ? ", " : "").append(dashed(name));
      }
      names.append(option.takesNextArgument() ? " " : "").append(option.operand);
      text.append(String.format("%-28s %s", names, option.description));
      if (option.variable != null) {
        text.append(" (").append(option.variable).append(')');
      }
      text.append('\n');
    }
    text.append("\nOptions end at the program. The exit status is the program's, or 125 where\n")
        .append("vestibule itself fails, 126 where PROGRAM cannot be executed, 127 where there\n")
        .append("is none.\n");
    return text.toString();
  }
}
