package dev.vestibule.inspect;

import dev.vestibule.elf.ElfException;
import dev.vestibule.elf.ElfFile;
import dev.vestibule.elf.ElfSymbol;
import dev.vestibule.elf.cfi.Fde;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/** Whose code is it, and is it the same as another image's? */
final class Code {
  private static final int DIGITS = 16;

  private Code() {}

  /** A short digest of a function's bytes; empty where they cannot be had. */
  static String digest(Specimen specimen, ElfSymbol symbol) {
    long offset = specimen.file().offsetOf(symbol.value());
    byte[] bytes = specimen.bytes();
    if (offset < 0 || symbol.size() <= 0 || symbol.size() > bytes.length - offset) {
      return "";
    }
    byte[] code = Arrays.copyOfRange(bytes, (int) offset, (int) (offset + symbol.size()));
    return KernelImage.sha256(code).substring(0, DIGITS);
  }

  /** The function that an FDE begins with or covers, {@code +0x10} for what has no symbol. */
  static String nameAt(ElfFile file, Fde fde) {
    List<ElfSymbol> symbols;
    try {
      symbols = file.dynamicSymbols().symbols();
    } catch (ElfException e) {
      symbols = List.of();
    }
    return symbols.stream()
        .filter(s -> s.defined() && !s.name().isEmpty() && fde.covers(s.value()))
        .min(
            Comparator.comparing(ElfSymbol::value, Long::compareUnsigned)
                .thenComparing(ElfSymbol::name))
        .map(ElfSymbol::name)
        .orElse("+0x" + Long.toHexString(fde.start()));
  }

  /** The function at a file offset, else its section, else the offset itself. */
  static String ownerOf(ElfFile file, long offset) {
    try {
      for (ElfSymbol s : file.dynamicSymbols().symbols()) {
        long at = s.defined() ? file.offsetOf(s.value()) : -1;
        if (at >= 0 && offset >= at && offset < at + Math.max(1, s.size())) {
          return s.name();
        }
      }
      for (var section : file.sections()) {
        if (offset >= section.offset() && offset < section.offset() + section.size()) {
          return section.name();
        }
      }
    } catch (ElfException e) {
      return "0x" + Long.toHexString(offset);
    }
    return offset < 64 ? "file header" : "0x" + Long.toHexString(offset);
  }
}
