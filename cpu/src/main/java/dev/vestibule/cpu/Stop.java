package dev.vestibule.cpu;

/** Why did a guest thread stop running? */
public enum Stop {
  /** A system call instruction; the pc is behind it. */
  SYSCALL,
  /** {@link Cpu#fault()} says which access failed. */
  FAULT,
  /** The word at the pc is no instruction of this processor: SIGILL, ILL_ILLOPC. */
  ILLEGAL,
  /** The instruction needs a privilege the guest has not: SIGILL, ILL_PRVOPC. */
  PRIVILEGED,
  /** A trap instruction's condition held: SIGTRAP, TRAP_BRKPT. */
  TRAP,
  /**
   * An enabled floating-point exception, while traps are on: SIGFPE. The instruction at the pc has
   * done what it does.
   */
  FLOAT,
  /** {@link Cpu#interrupt} was called. */
  ATTENTION
}
