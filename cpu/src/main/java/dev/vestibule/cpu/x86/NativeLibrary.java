package dev.vestibule.cpu.x86;

import dev.vestibule.elf.Elf;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * What does the library hold that {@code host.Libc} calls instead of the JVM's linker of foreign
 * functions? A few native methods, written by the assembler into an ELF file that dlopen(3) takes:
 * that linker takes tens of milliseconds of every start, the library less than one.
 *
 * <p>One segment for headers, tables and code, one for the dynamic table, which C libraries up to
 * glibc 2.34 write to; and the header that says that stacks need not be executable.
 */
public final class NativeLibrary {
  private static final String PREFIX = "Java_dev_vestibule_host_Libc_";
  private static final int PAGE = 0x1000;
  private static final int SEGMENTS = 4;
  private static final int TEXT_SECTION = 1; // any but SHN_UNDEF: the symbol is defined here

  /** A native method and where it begins in the code. */
  private record Method(String name, int at, int size) {}

  private NativeLibrary() {}

  /**
   * Writes the library, if this host's processor is one it can be written for.
   *
   * @param args the file to write
   */
  public static void main(String[] args) throws IOException {
    if (System.getProperty("os.arch").toLowerCase(Locale.ROOT).equals("amd64")) {
      Files.write(Path.of(args[0]), bytes());
    }
  }

  /** The library's file. */
  static byte[] bytes() {
    Assembler a = new Assembler();
    directSyscall(a);
    int second = a.size();
    directCall(a);
    int third = a.size();
    directCounter(a);
    List<Method> methods =
        List.of(
            new Method("directSyscall", 0, second),
            new Method("directCall", second, third - second),
            new Method("directCounter", third, a.size() - third));
    return file(methods, Arrays.copyOf(a.bytes(), a.size()));
  }

  /** From JNI's arguments (environment, class, number, six more) to the kernel's registers. */
  private static void directSyscall(Assembler a) {
    a.move(Assembler.RAX, Assembler.RDX);
    a.move(Assembler.RDI, Assembler.RCX);
    a.move(Assembler.RSI, Assembler.R8);
    a.move(Assembler.RDX, Assembler.R9);
    a.load(Assembler.R10, Assembler.RSP, 8);
    a.load(Assembler.R8, Assembler.RSP, 16);
    a.load(Assembler.R9, Assembler.RSP, 24);
    a.syscall();
    a.ret();
  }

  /** From JNI's arguments (environment, class, code, two more) to the code, which returns. */
  private static void directCall(Assembler a) {
    a.move(Assembler.RDI, Assembler.RCX);
    a.move(Assembler.RSI, Assembler.R8);
    a.emit8(0xff); // jmp rdx
    a.emit8(0xe2);
  }

  private static void directCounter(Assembler a) {
    TimebaseCode.emitCounter(a);
    a.ret();
  }

  private static byte[] file(List<Method> methods, byte[] code) {
    StringBuilder names = new StringBuilder("\0");
    int[] nameAt = new int[methods.size()];
    for (int i = 0; i < nameAt.length; i++) {
      nameAt[i] = names.length();
      names.append(PREFIX).append(methods.get(i).name()).append('\0');
    }
    byte[] strings = names.toString().getBytes(StandardCharsets.US_ASCII);
    int symbols = methods.size() + 1;
    int hashAt = Elf.headerSize(true) + SEGMENTS * Elf.programHeaderSize(true);
    int symbolsAt = aligned(hashAt + 4 * (3 + symbols), 8);
    int stringsAt = symbolsAt + symbols * Elf.symbolSize(true);
    int codeAt = aligned(stringsAt + strings.length, 16);
    int dynamicAt = PAGE;
    ByteBuffer dynamic = dynamic(hashAt, symbolsAt, stringsAt, strings.length);

    ByteBuffer out = ByteBuffer.allocate(dynamicAt + dynamic.limit());
    out.order(ByteOrder.LITTLE_ENDIAN);
    putHeader(out);
    int readable = Elf.PF_R | Elf.PF_X;
    putSegment(out, Elf.PT_LOAD, readable, 0, codeAt + code.length, PAGE);
    int writable = Elf.PF_R | Elf.PF_W;
    putSegment(out, Elf.PT_LOAD, writable, dynamicAt, dynamic.limit(), PAGE);
    putSegment(out, Elf.PT_DYNAMIC, writable, dynamicAt, dynamic.limit(), 8);
    putSegment(out, Elf.PT_GNU_STACK, writable, 0, 0, 16);

    out.position(hashAt);
    putHash(out, symbols);
    out.position(symbolsAt + Elf.symbolSize(true));
    for (int i = 0; i < nameAt.length; i++) {
      out.putInt(nameAt[i]).put((byte) (Elf.STB_GLOBAL << 4 | Elf.STT_FUNC)).put((byte) 0);
      out.putShort((short) TEXT_SECTION);
      out.putLong(codeAt + methods.get(i).at()).putLong(methods.get(i).size());
    }
    out.put(stringsAt, strings).put(codeAt, code).put(dynamicAt, dynamic.array());
    return out.array();
  }

  private static int aligned(int offset, int alignment) {
    return offset + alignment - 1 & -alignment;
  }

  private static void putHeader(ByteBuffer out) {
    out.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1}).position(16); // 64 bits, little-endian
    out.putShort((short) Elf.ET_DYN).putShort((short) Elf.EM_X86_64).putInt(1).putLong(0);
    out.putLong(Elf.headerSize(true)).putLong(0).putInt(0);
    out.putShort((short) Elf.headerSize(true)).putShort((short) Elf.programHeaderSize(true));
    out.putShort((short) SEGMENTS).putShort((short) Elf.sectionHeaderSize(true)).putInt(0);
  }

  private static void putSegment(
      ByteBuffer out, int type, int flags, long at, long size, long alignment) {
    out.putInt(type).putInt(flags).putLong(at).putLong(at).putLong(at);
    out.putLong(size).putLong(size).putLong(alignment);
  }

  /** One bucket, whose chain has every symbol. */
  private static void putHash(ByteBuffer out, int symbols) {
    out.putInt(1).putInt(symbols).putInt(1).putInt(0);
    for (int i = 1; i < symbols; i++) {
      out.putInt(i + 1 < symbols ? i + 1 : 0);
    }
  }

  private static ByteBuffer dynamic(int hash, int symbols, int strings, int stringsSize) {
    long[] entries = {
      Elf.DT_HASH,
      hash,
      Elf.DT_SYMTAB,
      symbols,
      Elf.DT_SYMENT,
      Elf.symbolSize(true),
      Elf.DT_STRTAB,
      strings,
      Elf.DT_STRSZ,
      stringsSize,
      Elf.DT_NULL,
      0
    };
    ByteBuffer table = ByteBuffer.allocate(8 * entries.length).order(ByteOrder.LITTLE_ENDIAN);
    for (long entry : entries) {
      table.putLong(entry);
    }
    return table.flip();
  }
}
