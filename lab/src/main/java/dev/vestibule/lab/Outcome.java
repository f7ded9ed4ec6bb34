package dev.vestibule.lab;

import dev.vestibule.kernel.signal.Signals;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What did one program do under one kernel?
 *
 * @param program the trial's name, which is the program's for programs run as they are
 * @param kernel the profile's name
 * @param verdict how it ended
 * @param status its wait status; 0 if it did not run
 * @param output what it wrote to standard output and error, as text, shortened if it was long
 * @param nanos time from its start to its end on the host
 * @param vdsoCalls calls into the vDSO by function
 * @param syscalls system calls it made, by name
 * @param pages where the handed pages lay, or null if it did not start
 */
public record Outcome(
    String program,
    String kernel,
    Verdict verdict,
    int status,
    String output,
    long nanos,
    Map<String, Long> vdsoCalls,
    Map<String, Long> syscalls,
    @Nullable Pages pages) {

  /** How did the program end? */
  public enum Verdict {
    /** With status 0. */
    OK,
    /** With another status. */
    FAILED,
    /** By a signal. */
    KILLED,
    /** It had to be stopped. */
    TIMEOUT,
    /** It could not be started. */
    BROKEN,
    /** There is no such program for the kernel's architecture. */
    ABSENT
  }

  /**
   * Where does a process find its handed pages?
   *
   * @param vdso address of the vDSO's ELF header, 0 without one
   * @param vdsoMapping the mapping that holds it, as /proc/self/maps shows it, or empty
   * @param dataMapping the mapping of the data page if it is one of its own, or empty
   */
  public record Pages(long vdso, String vdsoMapping, String dataMapping) {}

  /** Calls into the vDSO, all functions together. */
  public long vdsoCallCount() {
    return vdsoCalls.values().stream().mapToLong(Long::longValue).sum();
  }

  /** System calls, all together. */
  public long syscallCount() {
    return syscalls.values().stream().mapToLong(Long::longValue).sum();
  }

  /** How it ended, in a word or two: {@code ok}, {@code exit 1}, {@code SIGSEGV}. */
  public String shortly() {
    return switch (verdict) {
      case OK -> "ok";
      case FAILED -> "exit " + (status >> 8 & 0xff);
      case KILLED -> Signals.name(status & 0x7f);
      case TIMEOUT -> "timeout";
      case BROKEN -> "broken";
      case ABSENT -> "-";
    };
  }
}
