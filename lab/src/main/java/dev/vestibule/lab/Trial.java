package dev.vestibule.lab;

import dev.vestibule.kernel.rseq.RseqOwner;
import java.util.List;

/**
 * What does the lab start?
 *
 * @param name its name in reports
 * @param program the guest program
 * @param arguments its arguments
 * @param vdso whether the kernel maps a vDSO
 * @param environment more variables as NAME=VALUE; {@code {programs}} in these and the arguments is
 *     the directory of the architecture's programs
 * @param rseqOwner who may register restartable sequences
 */
public record Trial(
    String name,
    String program,
    List<String> arguments,
    boolean vdso,
    List<String> environment,
    RseqOwner rseqOwner) {
  /** A program as it is. */
  public static Trial of(String program) {
    return new Trial(program, program, List.of(), true, List.of(), RseqOwner.AUTO);
  }

  /** The program that shows a breakage. */
  public static Trial of(Breakage breakage) {
    return new Trial(
        breakage.name(),
        breakage.program(),
        breakage.arguments(),
        breakage.vdso(),
        breakage.environment(),
        breakage.rseqOwner());
  }
}
