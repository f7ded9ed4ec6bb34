package dev.vestibule.cpu;

/** Who executes guest code? */
public enum Engine {
  /** The best that this host allows and the project trusts. */
  AUTO,
  /** The interpreter, on any host. */
  INTERPRET,
  /** Machine code for what is executed often, the interpreter for the rest. */
  TRANSLATE,
  /** Machine code, compared with the interpreter where that can be done without side effects. */
  BOTH
}
