package dev.vestibule.inspect.consumer;

import dev.vestibule.elf.ElfException;
import java.util.ArrayList;
import java.util.List;

/** What did a rule find while it followed an image? The worst of it is the outcome. */
final class Findings {
  private final List<String> reasons = new ArrayList<>();
  private Verdict.Outcome outcome = Verdict.Outcome.WORKS;

  private void add(Verdict.Outcome at, String reason) {
    outcome = outcome.compareTo(at) < 0 ? at : outcome;
    reasons.add(ElfException.oneLine(reason));
  }

  /** Worth knowing, and harmless. */
  void remark(String reason) {
    add(Verdict.Outcome.WORKS, reason);
  }

  /** Something is not found, and done without. */
  void without(String reason) {
    add(Verdict.Outcome.DOES_WITHOUT, reason);
  }

  /** It goes wrong. */
  void fails(String reason) {
    add(Verdict.Outcome.FAILS, reason);
  }

  boolean failed() {
    return outcome == Verdict.Outcome.FAILS;
  }

  Verdict verdict(Consumer consumer) {
    return new Verdict(consumer, outcome, List.copyOf(reasons));
  }
}
