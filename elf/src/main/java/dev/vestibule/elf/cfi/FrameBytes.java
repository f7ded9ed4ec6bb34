package dev.vestibule.elf.cfi;

import dev.vestibule.elf.ElfException;
import dev.vestibule.elf.ElfException.Reason;
import java.nio.ByteBuffer;

/**
 * The bytes of a frame section and where they come from.
 *
 * @param name of the file
 * @param bytes of the section, in the file's byte order
 * @param address of the first byte as linked
 * @param fileOffset of the first byte
 */
record FrameBytes(String name, ByteBuffer bytes, long address, long fileOffset, boolean is64) {

  ElfException fail(String field, int at, String problem) {
    return fail(Reason.MALFORMED, field, at, problem);
  }

  ElfException fail(Reason reason, String field, int at, String problem) {
    return new ElfException(reason, name, field, fileOffset + at, problem);
  }

  /** An address or value cut to the file's word size. */
  long wrap(long value) {
    return is64 ? value : value & 0xffffffffL;
  }

  /** An address as 8 or 16 digits. */
  String digits(long value) {
    String hex = Long.toHexString(wrap(value));
    return "0".repeat((is64 ? 16 : 8) - hex.length()) + hex;
  }
}
