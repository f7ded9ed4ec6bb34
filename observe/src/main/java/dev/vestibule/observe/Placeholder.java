package dev.vestibule.observe;

final class Placeholder {
  private Placeholder() {}
}
