package dev.vestibule.lab;

import java.util.List;

/**
 * What does the lab start?
 *
 * @param name its name in reports
 * @param program the guest program
 * @param arguments its arguments
 * @param vdso whether the kernel maps a vDSO
 */
public record Trial(String name, String program, List<String> arguments, boolean vdso) {
  /** A program as it is. */
  public static Trial of(String program) {
    return new Trial(program, program, List.of(), true);
  }

  /** The program that shows a breakage. */
  public static Trial of(Breakage breakage) {
    return new Trial(breakage.name(), breakage.program(), breakage.arguments(), breakage.vdso());
  }
}
