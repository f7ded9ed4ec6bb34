package dev.vestibule.observe.startup;

import java.util.Locale;

/** What happens while a program starts? In the order in which a dynamic program comes by. */
enum Stage {
  /** The kernel has loaded the program. */
  EXEC,
  /** An object's file was mapped. */
  MAP,
  /** The object's entry point is about to execute. */
  ENTRY,
  SET_TID_ADDRESS,
  SET_ROBUST_LIST,
  RSEQ,
  /** A call of rseq(2), or a sequence, is at odds with who owns the thread's area. */
  QUARREL,
  /** A restartable sequence begins, or its last instruction has been executed; not shown. */
  SEQUENCE,
  COMMITTED,
  /** A function that chooses an implementation is about to run. */
  IFUNC,
  /** What the object's relocations have changed is read-only from now on. */
  RELOCATED,
  PREINIT_ARRAY,
  INIT,
  INIT_ARRAY,
  MAIN,
  /** A thread begins. */
  THREAD,
  /** A process begins as a copy of another. */
  FORK,
  UNMAP;

  String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
