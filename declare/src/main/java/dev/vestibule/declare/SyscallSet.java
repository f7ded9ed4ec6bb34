package dev.vestibule.declare;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Makes the processor write the dispatcher of all {@link Syscall} methods that are compiled with
 * the annotated type, in that type's package.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.SOURCE)
public @interface SyscallSet {
  /** Simple name of the generated class. */
  String dispatcher();

  /** Qualified name of the enum of argument kinds. */
  String kinds();
}
