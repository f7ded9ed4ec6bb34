package dev.vestibule.inspect.consumer;

import dev.vestibule.elf.DynamicTable;
import dev.vestibule.elf.Elf;
import dev.vestibule.elf.ElfException;
import dev.vestibule.elf.ElfFile;
import dev.vestibule.elf.ElfSymbol;
import dev.vestibule.elf.ElfVersions;
import dev.vestibule.elf.ProgramHeader;
import dev.vestibule.elf.SymbolTable;
import dev.vestibule.inspect.Sighting;
import dev.vestibule.inspect.Specimen;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An image as programs see it that follow its dynamic table; damage is a sentence, not an end. */
final class Lens {
  private final Specimen specimen;
  private final DynamicTable dynamic;
  private final @Nullable SymbolTable symbols;
  private final ElfVersions versions;
  private final @Nullable String damage;

  Lens(Specimen specimen) {
    this.specimen = specimen;
    DynamicTable table = new DynamicTable(List.of(), 0, true);
    SymbolTable read = null;
    ElfVersions nodes = new ElfVersions(List.of(), List.of(), Map.of());
    String problem = null;
    try {
      table = specimen.file().dynamic();
      read = specimen.file().dynamicSymbols();
      nodes = specimen.file().versions();
    } catch (ElfException e) {
      problem = e.field() + " at 0x" + Long.toHexString(e.offset()) + ": " + e.problem();
    }
    dynamic = table;
    symbols = read;
    versions = nodes;
    damage = problem;
  }

  ElfFile file() {
    return specimen.file();
  }

  byte[] bytes() {
    return specimen.bytes();
  }

  String architecture() {
    return specimen.architecture();
  }

  @Nullable Sighting sighting() {
    return specimen.sighting();
  }

  @Nullable String kernel() {
    return specimen.kernel();
  }

  /** What keeps symbols from being read, or null. */
  @Nullable String damage() {
    return damage;
  }

  boolean has(long tag) {
    return dynamic.has(tag);
  }

  int count(int segmentType) {
    return (int) file().programHeaders().stream().filter(p -> p.type() == segmentType).count();
  }

  /** Link-time address of the file's first byte, by the first PT_LOAD. */
  long linkBase() {
    ProgramHeader load = file().segment(Elf.PT_LOAD);
    return load == null ? 0 : load.vaddr() - load.offset();
  }

  List<ElfSymbol> symbols() {
    return symbols == null ? List.of() : symbols.symbols();
  }

  /** The symbol that a walk through all of them finds. */
  @Nullable ElfSymbol walk(String name, @Nullable String version) {
    return symbols == null ? null : symbols.find(name, version);
  }

  /** The symbol that hashing finds; the GNU table goes first where a reader knows it. */
  @Nullable ElfSymbol hashed(String name, @Nullable String version, boolean knowsGnu) {
    if (symbols == null) {
      return null;
    }
    try {
      return knowsGnu && symbols.hasGnuHash()
          ? symbols.findByGnuHash(name, version)
          : symbols.findBySysvHash(name, version);
    } catch (ElfException e) {
      return null;
    }
  }

  /** The version definition of a name, or null. */
  ElfVersions.@Nullable Definition definition(String version) {
    for (ElfVersions.Definition definition : versions.definitions()) {
      if (definition.name().equals(version)) {
        return definition;
      }
    }
    return null;
  }
}
