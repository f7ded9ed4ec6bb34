package dev.vestibule.elf.cfi;

/**
 * Where does a DW_OP_skip or DW_OP_bra lead? A position inside one call-frame program, which may
 * lie in another instruction's expression: Power's signal trampolines share code that way.
 */
public final class Label {
  int position = -1;

  /** A label that is not bound yet. */
  public Label() {}
}
