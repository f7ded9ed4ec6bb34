package dev.vestibule.lab;

import dev.vestibule.kernel.rseq.RseqOwner;
import dev.vestibule.profile.KernelProfile;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which change of the handed pages broke what, and which program shows it?
 *
 * @param name short, unique
 * @param change what kernels changed, and when
 * @param broke who depended on it, and what happened to them
 * @param source where that is told
 * @param program the guest program that shows it; it ends with status 0 where it is unharmed
 * @param arguments the program's arguments
 * @param vdso whether the kernel maps a vDSO in this run
 * @param environment variables it is given
 * @param rseqOwner who may register restartable sequences
 * @param sysroot whether it needs a C library of the guest's
 * @param kernels where the question arises
 * @param failures where it must fail, and how; elsewhere it must work
 */
public record Breakage(
    String name,
    String change,
    String broke,
    String source,
    String program,
    List<String> arguments,
    boolean vdso,
    List<String> environment,
    RseqOwner rseqOwner,
    boolean sysroot,
    List<KernelSet> kernels,
    List<Failing> failures) {

  /**
   * A way to fail.
   *
   * @param how the outcome, shortly: {@code exit 1}, {@code SIGSEGV}
   * @param says a part of what the program must print, so that it fails for the right reason
   */
  public record Failing(List<KernelSet> kernels, String how, String says) {}

  /** Whether history has anything to say about this kernel. */
  public boolean concerns(KernelProfile kernel) {
    return KernelSet.anyContains(kernels, kernel);
  }

  /** How it must fail there; null where it must work. */
  public @Nullable Failing expected(KernelProfile kernel) {
    for (Failing failing : failures) {
      if (KernelSet.anyContains(failing.kernels, kernel)) {
        return failing;
      }
    }
    return null;
  }

  /** What is different from history, in a few words; null where it agrees. */
  public @Nullable String difference(KernelProfile kernel, Outcome outcome) {
    Failing failing = expected(kernel);
    String found = outcome.shortly();
    String said = failing == null ? "ok" : failing.how;
    if (!found.equals(said)) {
      return found + ", but history says " + said;
    }
    if (failing != null && !outcome.output().contains(failing.says)) {
      return found + ", but without saying \"" + failing.says + "\"";
    }
    return null;
  }
}
