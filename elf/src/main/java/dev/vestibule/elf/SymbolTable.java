package dev.vestibule.elf;

import dev.vestibule.elf.ElfException.Reason;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Which symbols does a file offer to the dynamic linker, and does the linker find them? */
public final class SymbolTable {
  private final Input input;
  private final List<ElfSymbol> symbols;
  private final HashTable.@Nullable Sysv sysv;
  private final HashTable.@Nullable Gnu gnu;

  SymbolTable(
      Input input,
      List<ElfSymbol> symbols,
      HashTable.@Nullable Sysv sysv,
      HashTable.@Nullable Gnu gnu) {
    this.input = input;
    this.symbols = symbols;
    this.sysv = sysv;
    this.gnu = gnu;
  }

  /** All symbols in table order, number 0 included. */
  public List<ElfSymbol> symbols() {
    return symbols;
  }

  /** Whether there is a DT_HASH table. */
  public boolean hasSysvHash() {
    return sysv != null;
  }

  /** Whether there is a DT_GNU_HASH table. */
  public boolean hasGnuHash() {
    return gnu != null;
  }

  /**
   * The defined symbol of a name, found through DT_HASH as a dynamic linker does.
   *
   * @param version the version it must have, or null for any
   * @return null if there is none or no such table
   */
  public @Nullable ElfSymbol findBySysvHash(String name, @Nullable String version)
      throws ElfException {
    return find(sysv, name, version);
  }

  /** As {@link #findBySysvHash}, through DT_GNU_HASH. */
  public @Nullable ElfSymbol findByGnuHash(String name, @Nullable String version)
      throws ElfException {
    return find(gnu, name, version);
  }

  /** The defined symbol of a name, found by looking at all of them; null if there is none. */
  public @Nullable ElfSymbol find(String name, @Nullable String version) {
    for (ElfSymbol symbol : symbols) {
      if (matches(symbol, name, version)) {
        return symbol;
      }
    }
    return null;
  }

  private static boolean matches(ElfSymbol symbol, String name, @Nullable String version) {
    return symbol.defined()
        && symbol.name().equals(name)
        && (version == null || version.equals(symbol.version()));
  }

  private @Nullable ElfSymbol find(@Nullable HashTable table, String name, @Nullable String version)
      throws ElfException {
    if (table == null) {
      return null;
    }
    int index = 0;
    for (int steps = 0; steps <= symbols.size(); steps++) {
      index = table.next(input, name, index);
      if (index == 0) {
        return null;
      }
      if (index < symbols.size() && matches(symbols.get(index), name, version)) {
        return symbols.get(index);
      }
    }
    throw input.fail(
        Reason.MALFORMED,
        table instanceof HashTable.Gnu ? "DT_GNU_HASH" : "DT_HASH",
        table.at(),
        "the chain of " + name + " does not end");
  }
}
