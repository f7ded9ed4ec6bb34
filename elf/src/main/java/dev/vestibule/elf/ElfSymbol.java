package dev.vestibule.elf;

import org.jspecify.annotations.Nullable;

/**
 * What does a symbol table say about a name?
 *
 * @param index in its table
 * @param offset file offset of the entry in bytes
 * @param info binding and type as stored
 * @param other visibility and machine-specific bits
 * @param section SHN value or section index
 * @param version name of the version defined or needed, null without one
 * @param hidden whether the version is not the default one
 */
public record ElfSymbol(
    int index,
    long offset,
    String name,
    long value,
    long size,
    int info,
    int other,
    int section,
    @Nullable String version,
    boolean hidden) {

  /** STT value. */
  public int type() {
    return info & 0xf;
  }

  /** STB value. */
  public int binding() {
    return info >> 4 & 0xf;
  }

  /** Whether the symbol is defined in this file. */
  public boolean defined() {
    return section != Elf.SHN_UNDEF;
  }
}
