package dev.vestibule.inspect.consumer;

import java.util.Set;

/**
 * Who looks into vDSO images by itself, and what does it insist on?
 *
 * @param id short and stable, for options and reports
 * @param title with the versions it speaks of
 * @param architectures names as {@link dev.vestibule.inspect.Machine} has them; empty for all
 * @param source where its rules can be read
 */
public record Consumer(String id, String title, Set<String> architectures, String source) {

  /** Whether there is such a program for an architecture. */
  boolean concerns(String architecture) {
    return architectures.isEmpty() || architectures.contains(architecture);
  }
}
