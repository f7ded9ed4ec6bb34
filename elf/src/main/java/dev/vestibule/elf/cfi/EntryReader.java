package dev.vestibule.elf.cfi;

import dev.vestibule.elf.ElfException;
import dev.vestibule.elf.ElfException.Reason;

/** Reads one CIE or FDE at a position of a frame section. */
final class EntryReader {
  /**
   * Every evaluation runs through the CIE, so that its size is limited; real ones have 30 bytes.
   */
  private static final int MAX_CIE = 4096;

  private EntryReader() {}

  /** Position behind the entry; 4 behind its start for a terminator. */
  static int end(FrameBytes section, int at) throws ElfException {
    long length = section.bytes().getInt(at) & 0xffffffffL;
    if (length == 0xffffffffL) {
      throw section.fail(Reason.UNSUPPORTED, "length", at, "64-bit DWARF entries");
    }
    if (length > section.bytes().limit() - at - 4L) {
      throw section.fail(
          Reason.TRUNCATED,
          "length",
          at,
          "an entry of " + length + " bytes reaches beyond the end of .eh_frame");
    }
    if (length != 0 && length < 4) {
      throw section.fail("length", at, "an entry of " + length + " bytes");
    }
    return (int) (at + 4 + length);
  }

  static boolean isCie(FrameBytes section, int at) throws ElfException {
    if (end(section, at) < at + 8) {
      throw section.fail("length", at, "an entry without an identifier");
    }
    return section.bytes().getInt(at + 4) == 0;
  }

  /** Position that an FDE names as its CIE's, in front of the FDE. */
  static int cieOf(FrameBytes section, int at) throws ElfException {
    long distance = section.bytes().getInt(at + 4) & 0xffffffffL;
    if (distance > at + 4L) {
      throw noCie(section, at);
    }
    return (int) (at + 4 - distance);
  }

  static ElfException noCie(FrameBytes section, int at) {
    String distance = Integer.toHexString(section.bytes().getInt(at + 4));
    return section.fail("CIE_pointer", at + 4, "there is no CIE 0x" + distance + " bytes before");
  }

  static Cie cie(FrameBytes section, int at) throws ElfException {
    int end = end(section, at);
    if (end - at > MAX_CIE) {
      throw section.fail("length", at, "a CIE of " + (end - at) + " bytes");
    }
    FrameCursor in = new FrameCursor(section, at + 8, end);
    int version = in.u1("CIE version");
    if (version != 1 && version != 3 && version != 4) {
      throw section.fail("CIE version", at + 8, "version " + version);
    }
    String augmentation = in.string("augmentation");
    if (version == 4) {
      in.unsigned(2, "CIE address size");
    }
    if (augmentation.startsWith("eh")) {
      in.unsigned(section.is64() ? 8 : 4, "CIE eh_data");
    }
    final long codeAlignment = in.uleb("code_alignment_factor");
    final long dataAlignment = in.sleb("data_alignment_factor");
    final int returnColumn =
        version == 1
            ? in.u1("return_address_register")
            : in.small(CfaRow.MAX_COLUMN, "return_address_register");
    int encoding = PointerEncoding.ABSPTR;
    int lsda = PointerEncoding.OMIT;
    if (augmentation.startsWith("z")) {
      int length = in.length("augmentation length");
      int next = in.position() + length;
      for (int i = 1; i < augmentation.length(); i++) {
        switch (augmentation.charAt(i)) {
          case 'R' -> encoding = in.u1("augmentation R");
          case 'L' -> lsda = in.u1("augmentation L");
          case 'P' -> {
            int personality = in.u1("augmentation P");
            if (personality != PointerEncoding.OMIT) {
              in.pointer(personality & 0x0f, 0, "personality");
            }
          }
          case 'S', 'B', 'G' -> {}
          default -> i = augmentation.length();
        }
      }
      in.skipTo(next, "augmentation data");
    } else if (!augmentation.isEmpty() && !augmentation.equals("eh")) {
      throw section.fail(
          Reason.UNSUPPORTED, "augmentation", at + 9, "unknown augmentation " + augmentation);
    }
    return new Cie(
        at,
        end - at - 4L,
        version,
        augmentation,
        codeAlignment,
        dataAlignment,
        returnColumn,
        encoding,
        lsda,
        in.position(),
        end);
  }

  static Fde fde(FrameBytes section, int at, Cie cie) throws ElfException {
    int end = end(section, at);
    FrameCursor in = new FrameCursor(section, at + 8, end);
    final long start = in.pointer(cie.pointerEncoding(), 0, "pc_begin");
    final long size = in.pointer(cie.pointerEncoding() & 0x0f, 0, "pc_range");
    if (cie.augmentation().startsWith("z")) {
      int length = in.length("augmentation length");
      in.skipTo(in.position() + length, "augmentation data");
    }
    return new Fde(at, end - at - 4L, cie, start, section.wrap(size), in.position(), end);
  }
}
