package dev.vestibule.declare;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The instruction fields of an architecture; makes the processor write its decoder.
 *
 * <p>All classes of the same package with {@link Instruction} methods belong to it.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.SOURCE)
public @interface InstructionSet {
  /** Simple name of the generated class. */
  String decoder();

  /**
   * {@code name=bits}, bits numbered from 0 at the left as in the ISA book: {@code rt=6-10}; {@code
   * s} behind it for signed, {@code <<2} for an implied shift, several parts with commas, the most
   * significant first.
   */
  String[] fields();
}
