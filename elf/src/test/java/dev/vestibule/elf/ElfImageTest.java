package dev.vestibule.elf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vestibule.elf.ElfException.Reason;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Does the loader's view accept what Linux loads, and refuse the rest with Linux's reasons? */
class ElfImageTest {
  private static final int PAGE = 4096;

  static List<Arguments> kinds() {
    return List.of(
        Arguments.of(true, ByteOrder.BIG_ENDIAN),
        Arguments.of(true, ByteOrder.LITTLE_ENDIAN),
        Arguments.of(false, ByteOrder.BIG_ENDIAN),
        Arguments.of(false, ByteOrder.LITTLE_ENDIAN));
  }

  /** A dynamic program: PT_INTERP, then one PT_LOAD over the file. */
  private record Program(boolean is64, ByteBuffer bytes) {
    static Program of(boolean is64, ByteOrder order) {
      ByteBuffer b = ByteBuffer.allocate(0x200).order(order);
      b.put(new byte[] {0x7f, 'E', 'L', 'F', (byte) (is64 ? 2 : 1)});
      b.put((byte) (order == ByteOrder.BIG_ENDIAN ? 2 : 1)).put((byte) 1);
      b.putShort(16, (short) Elf.ET_DYN).putShort(18, (short) Elf.EM_PPC64);
      Program p = new Program(is64, b);
      p.word(24, 0x1100).word(is64 ? 32 : 28, Elf.headerSize(is64));
      int at = is64 ? 54 : 42;
      b.putShort(at, (short) Elf.programHeaderSize(is64)).putShort(at + 2, (short) 2);
      p.header(0, Elf.PT_INTERP, 0x180, 0x1180, 15, 15);
      p.header(1, Elf.PT_LOAD, 0, 0x1000, 0x200, 0x300);
      b.position(0x180).put("/lib/ld64.so.2\0".getBytes(StandardCharsets.UTF_8));
      return p;
    }

    Program word(int at, long value) {
      if (is64) {
        bytes.putLong(at, value);
      } else {
        bytes.putInt(at, (int) value);
      }
      return this;
    }

    int at(int index) {
      return Elf.headerSize(is64) + index * Elf.programHeaderSize(is64);
    }

    void header(int index, int type, long offset, long vaddr, long filesz, long memsz) {
      int at = at(index);
      bytes.putInt(at, type);
      bytes.putInt(at + (is64 ? 4 : 24), Elf.PF_R | Elf.PF_X);
      word(at + (is64 ? 8 : 4), offset);
      word(at + (is64 ? 16 : 8), vaddr);
      word(at + (is64 ? 32 : 16), filesz);
      word(at + (is64 ? 40 : 20), memsz);
      word(at + (is64 ? 48 : 28), 0x10000);
    }

    ElfImage read() throws ElfException {
      byte[] file = new byte[bytes.capacity()];
      bytes.get(0, file);
      return ElfImage.read(ByteSource.of(file), "prog", PAGE);
    }

    ElfException fail(Consumer<Program> damage) {
      damage.accept(this);
      return catchThrowableOfType(ElfException.class, this::read);
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void readsWhatExecNeeds(boolean is64, ByteOrder order) throws ElfException {
    ElfImage image = Program.of(is64, order).read();
    assertThat(image.header().is64()).isEqualTo(is64);
    assertThat(image.header().order()).isEqualTo(order);
    assertThat(image.header().entry()).isEqualTo(0x1100);
    assertThat(image.interpreter()).isEqualTo("/lib/ld64.so.2");
    assertThat(image.relocatable()).isTrue();
    assertThat(image.lowestAddress()).isEqualTo(0x1000);
    assertThat(image.highestAddress()).isEqualTo(0x1300);
    assertThat(image.alignment()).isEqualTo(0x10000);
    assertThat(image.programHeaderAddress()).isEqualTo(0x1000 + Elf.headerSize(is64));
    assertThat(image.ascending()).isTrue();
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void refusesWithLinuxReasons(boolean is64, ByteOrder order) {
    int phentsize = is64 ? 54 : 42;
    check(is64, order, Reason.NOT_ELF, "e_ident", p -> p.bytes.put(1, (byte) 'e'));
    check(is64, order, Reason.UNSUPPORTED, "EI_CLASS", p -> p.bytes.put(4, (byte) 3));
    check(is64, order, Reason.UNSUPPORTED, "EI_DATA", p -> p.bytes.put(5, (byte) 0));
    check(is64, order, Reason.UNSUPPORTED, "e_type", p -> p.bytes.putShort(16, (short) 4));
    check(
        is64, order, Reason.MALFORMED, "e_phentsize", p -> p.bytes.putShort(phentsize, (short) 5));
    check(
        is64, order, Reason.MALFORMED, "e_phnum", p -> p.bytes.putShort(phentsize + 2, (short) 0));
    check(
        is64, order, Reason.MALFORMED, "e_phnum", p -> p.bytes.putShort(phentsize + 2, (short) -1));
    check(is64, order, Reason.TRUNCATED, "e_phoff", p -> p.word(is64 ? 32 : 28, 0x1f0));
    check(is64, order, Reason.TRUNCATED, "e_phoff", p -> p.word(is64 ? 32 : 28, -1L));
    check(
        is64,
        order,
        Reason.MALFORMED,
        "PT_INTERP p_filesz",
        p -> p.header(0, Elf.PT_INTERP, 0x180, 0, 1, 1));
    check(
        is64,
        order,
        Reason.MALFORMED,
        "PT_INTERP p_filesz",
        p -> p.header(0, Elf.PT_INTERP, 0x180, 0, -1, -1));
    check(
        is64,
        order,
        Reason.TRUNCATED,
        "PT_INTERP p_offset",
        p -> p.header(0, Elf.PT_INTERP, 0x1ff, 0, 15, 15));
    check(
        is64,
        order,
        Reason.MALFORMED,
        "PT_INTERP",
        p -> p.header(0, Elf.PT_INTERP, 0x180, 0, 5, 5));
    check(
        is64,
        order,
        Reason.UNLOADABLE,
        "PT_LOAD p_filesz",
        p -> p.header(1, Elf.PT_LOAD, 0, 0x1000, 0x301, 0x300));
    check(
        is64,
        order,
        Reason.UNLOADABLE,
        "PT_LOAD p_memsz",
        p -> p.header(1, Elf.PT_LOAD, 0, -0x1000, 0x200, 0x1001));
    check(
        is64,
        order,
        Reason.UNLOADABLE,
        "PT_LOAD p_offset",
        p -> p.header(1, Elf.PT_LOAD, 0, 0x1010, 0x200, 0x300));
    check(is64, order, Reason.UNLOADABLE, "e_phnum", p -> p.bytes.putInt(p.at(1), 99));
  }

  private static void check(
      boolean is64, ByteOrder order, Reason reason, String field, Consumer<Program> damage) {
    ElfException e = Program.of(is64, order).fail(damage);
    assertThat(e).as("%s %s", reason, field).isNotNull();
    assertThat(e.reason()).as(e.getMessage()).isEqualTo(reason);
    assertThat(e.field()).isEqualTo(field);
    assertThat(e.getMessage()).startsWith("prog: " + field + " at 0x").doesNotContain("\n");
  }

  @Test
  void messagesStayOnOneLine() {
    ElfException e = new ElfException(Reason.MALFORMED, "a\nb\u001b[0m", "e_type", 16, "x\ry");
    assertThat(e.getMessage()).isEqualTo("a\\u000ab\\u001b[0m: e_type at 0x10: x\\u000dy");
  }
}
