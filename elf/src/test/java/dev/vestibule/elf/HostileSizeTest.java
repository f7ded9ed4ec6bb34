package dev.vestibule.elf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vestibule.elf.cfi.CallFrameWriter;
import dev.vestibule.elf.cfi.CieSpec;
import dev.vestibule.elf.cfi.FrameSectionWriter;
import dev.vestibule.elf.cfi.FrameSectionWriter.Code;
import dev.vestibule.elf.cfi.FrameTable;
import dev.vestibule.elf.cfi.PointerEncoding;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;

/** Is the work that a file causes in proportion to its size? Each file here asks for much more. */
class HostileSizeTest {
  private static final Duration HANG = Duration.ofSeconds(60);

  /** 60000 symbols whose names are the tails of one name of a megabyte: 30 gigabytes of text. */
  @Test
  void namesThatShareTheirBytes() {
    int symbols = 60_000;
    int strings = 1 << 20;
    int symtab = 0x100;
    int strtab = symtab + 24 * symbols;
    int hash = strtab + strings;
    int dynamic = hash + 8 + 4 * (1 + symbols);
    ByteBuffer b = ByteBuffer.allocate(dynamic + 5 * 16 + 16).order(ByteOrder.BIG_ENDIAN);
    b.put(0, new byte[] {0x7f, 'E', 'L', 'F', 2, 2, 1});
    b.putShort(16, (short) Elf.ET_DYN).putLong(32, 64).putShort(54, (short) 56);
    b.putShort(56, (short) 2);
    b.putInt(64, Elf.PT_LOAD).putLong(64 + 32, b.capacity()).putLong(64 + 40, b.capacity());
    b.putInt(120, Elf.PT_DYNAMIC).putLong(120 + 8, dynamic).putLong(120 + 32, 5 * 16);
    for (int i = 0; i < symbols; i++) {
      b.putInt(symtab + 24 * i, 1 + i);
    }
    for (int i = 0; i < strings - 1; i++) {
      b.put(strtab + i, (byte) 'a');
    }
    b.putInt(hash, 1).putInt(hash + 4, symbols);
    long[] entries = {
      Elf.DT_HASH, hash, Elf.DT_STRTAB, strtab, Elf.DT_SYMTAB, symtab, Elf.DT_STRSZ, strings
    };
    for (int i = 0; i < entries.length; i++) {
      b.putLong(dynamic + 8 * i, entries[i]);
    }
    Assertions.assertTimeoutPreemptively(
        HANG,
        () ->
            assertThatThrownBy(() -> ElfFile.read(b, "big").dynamicSymbols())
                .hasMessageContaining("st_name")
                .hasMessageContaining("names overlap"));
  }

  /** A program that copies four thousand rules half a million times. */
  @Test
  void statesThatAreRememberedAgainAndAgain() throws ElfException {
    ByteOrder order = ByteOrder.BIG_ENDIAN;
    CieSpec cie = new CieSpec("", 4, -4, 65, PointerEncoding.ABSPTR, 4, new byte[0]);
    CallFrameWriter program = CallFrameWriter.forCie(order, cie);
    for (int column = 0; column < 4000; column++) {
      program.sameValue(column);
    }
    for (int i = 0; i < 500_000; i++) {
      program.rememberState().restoreState();
    }
    SharedObject image =
        new SharedObjectBuilder(false, order, Elf.EM_PPC)
            .soname("x.so")
            .section(SectionSpec.code(".text", 4, new byte[4]))
            .frames(
                new FrameSectionWriter(false, order, true)
                    .fde(cie, new Code(".text", 0, 4), program.toByteArray()))
            .build();
    FrameTable table = FrameTable.read(ElfFile.read(image.bytes(), "big"));
    assertThat(table.fdes()).hasSize(1);
    Assertions.assertTimeoutPreemptively(
        HANG,
        () ->
            assertThatThrownBy(() -> table.row(image.layout().address(".text")))
                .hasMessageContaining("too many rules"));
  }

  /** Two thousand entries that each reach to the end of the section. */
  @Test
  void entriesThatOverlap() {
    int count = 2000;
    int frame = 0x1000 + 8 * count;
    ByteBuffer b = ByteBuffer.allocate(frame + 12 * count + 64).order(ByteOrder.BIG_ENDIAN);
    b.put(0, new byte[] {0x7f, 'E', 'L', 'F', 1, 2, 1});
    b.putShort(16, (short) Elf.ET_DYN).putInt(28, 52).putShort(42, (short) 32);
    b.putShort(44, (short) 2);
    b.putInt(52, Elf.PT_LOAD).putInt(52 + 16, b.capacity()).putInt(52 + 20, b.capacity());
    int header = 0x200;
    b.putInt(84, Elf.PT_GNU_EH_FRAME).putInt(84 + 4, header).putInt(84 + 8, header);
    b.putInt(84 + 16, 12 + 8 * count);
    b.put(header, (byte) 1).put(header + 1, (byte) 0x03).put(header + 2, (byte) 0x03);
    b.put(header + 3, (byte) 0x03).putInt(header + 4, frame).putInt(header + 8, count);
    // A CIE without augmentation, then FDEs of which each holds all that follow.
    b.putInt(frame, 12).put(frame + 8, (byte) 1).put(frame + 10, (byte) 4);
    for (int i = 0; i < count; i++) {
      int at = frame + 16 + 12 * i;
      b.putInt(at, b.capacity() - at - 4).putInt(at + 4, at + 4 - frame);
      b.putInt(header + 12 + 8 * i, i).putInt(header + 16 + 8 * i, at);
    }
    assertThatThrownBy(() -> FrameTable.read(ElfFile.read(b, "big")))
        .hasMessageContaining("overlaps the next one");
  }
}
