package dev.vestibule.lab;

final class Placeholder {
  private Placeholder() {}
}
