package dev.vestibule.cli;

import dev.vestibule.cpu.Engine;
import dev.vestibule.kernel.rseq.RseqOwner;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What was asked of {@code vestibule run}?
 *
 * <p>What the program is given is bytes, as Linux has it: no decoding of the host's locale lies
 * between. Strings marked as texts have one char, 0..255, for each byte.
 *
 * @param program the program's name as given, a text
 * @param argv0 its argv[0], a text; the program's name unless said otherwise
 * @param arguments its argv from 1 on, texts
 * @param environment all its variables as texts NAME=VALUE, in the order inherited, new ones last
 * @param workingDirectory the guest's directory to start in, a text, or null for the host's
 * @param kernel a profile's name or file, or null for the newest of the program's architecture
 * @param release what uname shall say, or null for what the profile says
 * @param sysroot where interpreter and libraries are looked for first, or null
 * @param root the host's directory that is the guest's whole file tree, or null
 * @param vdso which vDSO image is mapped
 * @param compatVdso whether a program that aborts at once is started again without it
 * @param clock when and how fast the guest's clock runs
 * @param seed what randomness depends on, or empty for the host's
 * @param cpus how many CPUs the guest has, or empty for the host's
 * @param preemptRate how often a second each running thread is preempted, besides what need be
 * @param rseqOwner who may register areas for restartable sequences
 * @param container the host name of the container that the program is in, or null without one
 * @param checkpoint at which signal the program is frozen, or null for none
 * @param stackLimit soft limit of the main stack, in bytes
 * @param strace how system calls are printed, or null for not at all
 * @param traces what else is shown
 * @param unsupported whether a list of vain requests is printed in the end
 * @param statistics whether the number of executed instructions is printed in the end
 * @param engine who executes the program's code
 * @param dumpCode the file to list machine code in, or null
 * @param gdb a TCP port or a socket's path where gdb is awaited, or null
 * @param debug whether internal errors show their stack trace
 */
public record RunOptions(
    String program,
    String argv0,
    List<String> arguments,
    List<String> environment,
    @Nullable String workingDirectory,
    @Nullable String kernel,
    @Nullable String release,
    @Nullable Path sysroot,
    @Nullable Path root,
    Vdso vdso,
    boolean compatVdso,
    Clock clock,
    OptionalLong seed,
    OptionalInt cpus,
    int preemptRate,
    RseqOwner rseqOwner,
    @Nullable String container,
    @Nullable Checkpoint checkpoint,
    long stackLimit,
    @Nullable Strace strace,
    Set<Trace> traces,
    boolean unsupported,
    boolean statistics,
    Engine engine,
    @Nullable Path dumpCode,
    @Nullable String gdb,
    boolean debug) {

  /** Which vDSO image does the guest get? */
  public sealed interface Vdso {
    /** The one its kernel profile brings. */
    record OfProfile() implements Vdso {}

    /** None, as with the kernel's {@code vdso=0}. */
    record Off() implements Vdso {}

    /** A real kernel's, from a file. */
    record File(Path path) implements Vdso {}
  }

  /**
   * When does the guest's clock start, and how fast does it run?
   *
   * @param start the first time of day, or null for the host's
   * @param rate guest seconds per host second, above 0
   */
  public record Clock(@Nullable Instant start, double rate) {}

  /**
   * When is the program frozen from inside?
   *
   * @param signal the host's, by its name without SIG
   * @param directory where the images go
   */
  public record Checkpoint(String signal, Path directory) {}

  /**
   * How are system calls printed?
   *
   * @param file where to, or null for standard error
   * @param paths with the paths of descriptors (strace -y)
   * @param times with the time spent (strace -T)
   * @param summary as counts in the end (strace -c)
   */
  public record Strace(@Nullable Path file, boolean paths, boolean times, boolean summary) {}

  /** What can be shown of a run besides its system calls? */
  public enum Trace {
    /** The steps from exec to main. */
    STARTUP,
    /** The same, a JSON object on each line. */
    STARTUP_JSON,
    /** Calls into the vDSO. */
    CALLS,
    /** Page faults. */
    FAULTS
  }

  /**
   * Reads a command line and the variables that stand for options.
   *
   * @param words the command line after {@code run}, texts
   * @param environment the host's variables as texts NAME=VALUE
   * @return empty where the words ask for help
   * @throws CommandFailure where a word is not understood; the message names it
   */
  public static Optional<RunOptions> parse(List<String> words, List<String> environment)
      throws CommandFailure {
    return Optional.ofNullable(new RunParser(environment).parse(words));
  }
}
