package dev.vestibule.inspect.consumer;

import java.util.List;

/**
 * How does a consumer get on with an image?
 *
 * @param reasons in the order the consumer meets them; remarks where it works
 */
public record Verdict(Consumer consumer, Outcome outcome, List<String> reasons) {
  /** From good to bad. */
  public enum Outcome {
    /** It finds what it looks for. */
    WORKS("works"),
    /** It does without, by system calls or with less to show. */
    DOES_WITHOUT("does without"),
    /** It crashes, refuses or goes wrong. */
    FAILS("fails");

    private final String text;

    Outcome(String text) {
      this.text = text;
    }

    /** In words. */
    public String text() {
      return text;
    }
  }
}
