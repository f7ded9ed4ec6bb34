package dev.vestibule.elf;

import dev.vestibule.elf.ElfException.Reason;
import java.util.Arrays;

/**
 * How does a kernel adapt the symbols of a vDSO image to the machine it boots on? Both changes
 * touch .dynsym alone, so that hash tables and versions stay valid (powerpc up to 5.10).
 */
public final class SymbolPatch {
  private SymbolPatch() {}

  /**
   * A copy of the image in which one dynamic symbol stands for the code of another: everything but
   * the name is taken over.
   *
   * @throws ElfException if the image cannot be read or lacks one of the symbols
   */
  public static byte[] redirect(byte[] image, String symbol, String target) throws ElfException {
    ElfFile file = ElfFile.read(image, "vdso");
    SymbolTable table = file.dynamicSymbols();
    ElfSymbol to = required(file, table, symbol);
    ElfSymbol from = required(file, table, target);
    byte[] patched = image.clone();
    // st_name comes first in both classes.
    System.arraycopy(
        image,
        (int) from.offset() + 4,
        patched,
        (int) to.offset() + 4,
        Elf.symbolSize(file.header().is64()) - 4);
    return patched;
  }

  /**
   * A copy of the image without the name of one dynamic symbol, so that no lookup finds it.
   *
   * @throws ElfException if the image cannot be read or lacks the symbol
   */
  public static byte[] remove(byte[] image, String symbol) throws ElfException {
    ElfFile file = ElfFile.read(image, "vdso");
    ElfSymbol gone = required(file, file.dynamicSymbols(), symbol);
    byte[] patched = image.clone();
    int at = (int) gone.offset();
    Arrays.fill(patched, at, at + 4, (byte) 0);
    return patched;
  }

  private static ElfSymbol required(ElfFile file, SymbolTable table, String name)
      throws ElfException {
    ElfSymbol symbol = table.find(name, null);
    if (symbol == null) {
      throw new ElfException(
          Reason.MALFORMED, file.name(), "DT_SYMTAB", 0, "there is no symbol " + name);
    }
    return symbol;
  }
}
