package dev.vestibule.declare;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * One system call, on the method that carries it out.
 *
 * <p>The method is static, returns {@code long} (a value, or a negated errno) and takes the calling
 * task first; the parameters behind it are {@code int} (the register truncated to 32 bits) or
 * {@code long} (as its kind says).
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.SOURCE)
public @interface Syscall {
  /** Names in Linux's tables that lead here; empty if the method's own name is the only one. */
  String[] names() default {};

  /**
   * One argument kind for each parameter, separated by commas, in lower case: {@code "dirfd, path,
   * open_flags, mode"}. Kinds say how a register becomes an argument and how it is shown.
   */
  String args() default "";

  /** First kernel release that has the call, as in {@code "2.6.16"}; empty for all. */
  String since() default "";

  /** First kernel release that no longer has it; empty for none. */
  String until() default "";

  Support level() default Support.FULL;

  /** What is missing, for all but {@link Support#FULL}. */
  String note() default "";

  /** How the result is shown. */
  Result result() default Result.INT;

  /** How much of the call's meaning exists. */
  enum Support {
    FULL,
    PARTIAL,
    /** The call is there, but what it asks for is always refused. */
    REFUSED,
    /** As on a kernel that was configured without the call: ENOSYS. */
    ABSENT
  }

  /** How a result is shown when it is no error. */
  enum Result {
    INT,
    HEX,
    NOTHING,
    FD,
    PID
  }
}
