package dev.vestibule.lab;

import java.util.Locale;

/** What has become of a program's vDSO when somebody looks for it? */
public enum VdsoState {
  STAY("as the kernel mapped it"),
  MOVE("moved"),
  REPLACE("moved, with plain executable memory where it was"),
  PROXY("moved, with a copy of its bytes where it was"),
  COPY("as it was, with a copy of its bytes elsewhere"),
  EDIT("as it was, with an instruction replaced"),
  UNMAP("unmapped"),
  CONTAINER("as the kernel mapped it into a container");

  /** The program that brings itself into these states. */
  static final String PROGRAM = "vdso-place";

  private final String text;

  VdsoState(String text) {
    this.text = text;
  }

  /** In words. */
  public String text() {
    return text;
  }

  /** The option's value. */
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The program's argument. */
  String argument() {
    return this == CONTAINER ? STAY.id() : id();
  }
}
