package dev.vestibule.kernel.trace;

/**
 * Who stops, inspects and resumes tasks? A process of the guest, by ptrace(2), or the machine's
 * owner with a debugger. Methods are called under the machine's lock and are quick.
 */
public interface Tracer {
  /** The process id that /proc shows as the tracer's; 0 for nobody in the machine. */
  int id();

  /** The task rests and has to be resumed by {@link Tracee#resume}. */
  void stopped(Tracee tracee);

  /**
   * A task has ended; of a process with several, the first one's end is told last, as the
   * process's.
   *
   * @param status as wait(2) reports it
   * @param process whether its process has ended with it
   */
  void ended(Tracee tracee, int status, boolean process);

  /** Another thread's exec has ended this first one and taken its id; nobody is told. */
  void replaced(Tracee tracee);

  /** A task that was made by a traced one is traced from its start. */
  void began(Tracee tracee);

  /**
   * Whether the process's own parent hears of its end only when this tracer has let go of it by
   * {@link dev.vestibule.kernel.Process#announceEnd}.
   */
  boolean hidesEnd(Tracee leader);
}
