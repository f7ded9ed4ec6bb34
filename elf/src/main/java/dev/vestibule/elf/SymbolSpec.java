package dev.vestibule.elf;

import org.jspecify.annotations.Nullable;

/**
 * What is a symbol of an image to say?
 *
 * @param version the name of its version node, or null for the base version
 * @param section the section it lies in, or null for an absolute symbol
 * @param offset in bytes from the section's start, or the absolute value
 * @param type STT value
 * @param binding STB value; STB_LOCAL symbols appear in .symtab only
 * @param other st_other: visibility and, on ELFv2, the local entry
 */
public record SymbolSpec(
    String name,
    @Nullable String version,
    @Nullable String section,
    long offset,
    long size,
    int type,
    int binding,
    int other) {

  /** A global function. */
  public static SymbolSpec function(
      String name, String version, String section, long offset, long size) {
    return new SymbolSpec(name, version, section, offset, size, Elf.STT_FUNC, Elf.STB_GLOBAL, 0);
  }

  /** A symbol that only debuggers see. */
  public static SymbolSpec local(String name, String section, long offset, long size, int type) {
    return new SymbolSpec(name, null, section, offset, size, type, Elf.STB_LOCAL, 0);
  }

  /** The same place under another name, weak. */
  public SymbolSpec weakAlias(String alias) {
    return new SymbolSpec(alias, version, section, offset, size, type, Elf.STB_WEAK, other);
  }

  /** The same symbol with another type. */
  public SymbolSpec typed(int newType) {
    return new SymbolSpec(name, version, section, offset, size, newType, binding, other);
  }
}
