package dev.vestibule.declare;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * One row of an instruction set's pattern table, on the method that gives its meaning.
 *
 * <p>The method is static; its first parameter is the micro-operation builder, the others are named
 * after fields of the {@link InstructionSet} and receive their values ({@code int}, or {@code
 * boolean} for one bit).
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.SOURCE)
public @interface Instruction {
  /**
   * The 32 bits from left to right: decimal constants, field names, {@code /} for reserved bits. A
   * constant or reserved run fills the room up to the next field, or has an explicit width as in
   * {@code 144:10}. A split field is named once for each of its parts.
   */
  String value();

  /**
   * Assembler syntax, {@code "add{oe:o}{rc:.} rt,ra,rb"}: a braced group is a suffix present when
   * that one-bit field is set.
   */
  String asm();

  /** Section of the ISA book that defines it. */
  String section();

  /** Whether it exists only where registers have 64 bits. */
  boolean wide() default false;
}
