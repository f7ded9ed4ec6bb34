package dev.vestibule.elf;

import dev.vestibule.elf.ElfException.Reason;
import java.nio.ByteOrder;

/**
 * What kind of ELF file is this? The file header; fields as in elf(5), unsigned values widened.
 * Nothing is checked beyond what is needed to read the header itself.
 */
public record ElfHeader(
    boolean is64,
    ByteOrder order,
    int osAbi,
    int abiVersion,
    int type,
    int machine,
    int version,
    long entry,
    long phoff,
    long shoff,
    int flags,
    int ehsize,
    int phentsize,
    int phnum,
    int shentsize,
    int shnum,
    int shstrndx) {

  /** Bytes a caller must offer to be sure that any header fits. */
  public static final int MAX_SIZE = 64;

  /**
   * Decodes the header from a file's first bytes.
   *
   * @param length the number of valid bytes in {@code first}; {@link #MAX_SIZE} suffice
   * @throws ElfException NOT_ELF without the magic number, TRUNCATED if the header does not fit,
   *     UNSUPPORTED for an unknown class or byte order
   */
  public static ElfHeader parse(byte[] first, int length, String name) throws ElfException {
    if (length < 4 || first[0] != 0x7f || first[1] != 'E' || first[2] != 'L' || first[3] != 'F') {
      throw new ElfException(Reason.NOT_ELF, name, "e_ident", 0, "not an ELF file");
    }
    if (length < 16) {
      throw new ElfException(Reason.TRUNCATED, name, "e_ident", 0, "the file ends in the header");
    }
    if (first[4] != 1 && first[4] != 2) {
      throw new ElfException(
          Reason.UNSUPPORTED, name, "EI_CLASS", 4, "unknown class " + (first[4] & 0xff));
    }
    if (first[5] != 1 && first[5] != 2) {
      throw new ElfException(
          Reason.UNSUPPORTED, name, "EI_DATA", 5, "unknown byte order " + (first[5] & 0xff));
    }
    boolean is64 = first[4] == 2;
    ByteOrder order = first[5] == 2 ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
    if (length < Elf.headerSize(is64)) {
      throw new ElfException(
          Reason.TRUNCATED,
          name,
          "e_ident",
          0,
          "the file ends at " + ElfException.hex(length) + ", inside the header");
    }
    Fields f = new Fields(first, is64, order);
    int at = is64 ? 48 : 36;
    return new ElfHeader(
        is64,
        order,
        first[7] & 0xff,
        first[8] & 0xff,
        f.u16(16),
        f.u16(18),
        f.i32(20),
        f.word(24),
        f.word(is64 ? 32 : 28),
        f.word(is64 ? 40 : 32),
        f.i32(at),
        f.u16(at + 4),
        f.u16(at + 6),
        f.u16(at + 8),
        f.u16(at + 10),
        f.u16(at + 12),
        f.u16(at + 14));
  }

  /** The file offset of a header field, for messages. */
  long offsetOf(String field) {
    int at = is64 ? 48 : 36;
    return switch (field) {
      case "e_type" -> 16;
      case "e_machine" -> 18;
      case "e_entry" -> 24;
      case "e_phoff" -> is64 ? 32 : 28;
      case "e_shoff" -> is64 ? 40 : 32;
      case "e_flags" -> at;
      case "e_ehsize" -> at + 4;
      case "e_phentsize" -> at + 6;
      case "e_phnum" -> at + 8;
      case "e_shentsize" -> at + 10;
      case "e_shnum" -> at + 12;
      case "e_shstrndx" -> at + 14;
      default -> 0;
    };
  }
}
