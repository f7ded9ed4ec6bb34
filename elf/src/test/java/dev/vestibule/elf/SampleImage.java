package dev.vestibule.elf;

import dev.vestibule.elf.cfi.CallFrameWriter;
import dev.vestibule.elf.cfi.CieSpec;
import dev.vestibule.elf.cfi.DwarfOp;
import dev.vestibule.elf.cfi.FrameSectionWriter;
import dev.vestibule.elf.cfi.FrameSectionWriter.Code;
import dev.vestibule.elf.cfi.Label;
import dev.vestibule.elf.cfi.PointerEncoding;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Small vDSO images of every guest architecture, in the shapes that different eras have. */
enum SampleImage {
  PPC(false, ByteOrder.BIG_ENDIAN, Elf.EM_PPC, 0, "linux-vdso32.so.1", "LINUX_2.6.15", 0x100000),
  PPC64(true, ByteOrder.BIG_ENDIAN, Elf.EM_PPC64, 0, "linux-vdso64.so.1", "LINUX_2.6.12", 0x100000),
  PPC64LE(true, ByteOrder.LITTLE_ENDIAN, Elf.EM_PPC64, 2, "linux-vdso64.so.1", "LINUX_2.6.15", 0),
  I386(false, ByteOrder.LITTLE_ENDIAN, Elf.EM_386, 0, "linux-gate.so.1", "LINUX_2.5", 0xffffe000L),
  X86_64(
      true, ByteOrder.LITTLE_ENDIAN, Elf.EM_X86_64, 0, "linux-vdso.so.1", "LINUX_2.6", -0x900000L);

  final boolean is64;
  final ByteOrder order;
  final int machine;
  final int flags;
  final String soname;
  final String node;
  final long base;

  SampleImage(
      boolean is64,
      ByteOrder order,
      int machine,
      int flags,
      String soname,
      String node,
      long base) {
    this.is64 = is64;
    this.order = order;
    this.machine = machine;
    this.flags = flags;
    this.soname = soname;
    this.node = node;
    this.base = base;
  }

  boolean power() {
    return machine == Elf.EM_PPC || machine == Elf.EM_PPC64;
  }

  SharedObject build() {
    return builder().build();
  }

  SharedObjectBuilder builder() {
    SharedObjectBuilder image =
        new SharedObjectBuilder(is64, order, machine)
            .flags(flags)
            .soname(soname)
            .linkBase(base)
            .version(node)
            .note(ElfNote.linuxVersion(0x060100, order))
            .note(ElfNote.buildSalt("6.1.0-sample"))
            .derivedBuildId();
    return power() ? power(image) : x86(image);
  }

  /** Functions that return their own number; the trampoline carries the real call-frame data. */
  private SharedObjectBuilder power(SharedObjectBuilder image) {
    int[] tramp = {
      0x60000000,
      is64 ? 0x38210080 : 0x60000000,
      0x380000AC,
      0x44000002, // nop, addi, li, sc
      0x38600007,
      0x4e800020, // li r3,7; blr
      0x38600009,
      0x4e800020, // li r3,9; blr
    };
    ByteBuffer code = ByteBuffer.allocate(4 * tramp.length).order(order);
    for (int word : tramp) {
      code.putInt(word);
    }
    String sigtramp = is64 ? "__kernel_sigtramp_rt64" : "__kernel_sigtramp_rt32";
    image
        .section(SectionSpec.code(".text", 16, code.array()))
        .section(SectionSpec.data(".rodata", 8, new byte[12]))
        .symbol(SymbolSpec.function(sigtramp, node, ".text", 4, 12))
        .symbol(SymbolSpec.function("__kernel_seven", node, ".text", 16, 8))
        .symbol(SymbolSpec.function("__kernel_nine", node, ".text", 24, 8))
        .symbol(SymbolSpec.local("nop", ".text", 0, 4, Elf.STT_NOTYPE));
    CieSpec cie = powerCie();
    FrameSectionWriter frames = new FrameSectionWriter(is64, order, true);
    frames.fde(cie, new Code(".text", 0, 16), powerTrampoline(cie));
    CieSpec plain =
        new CieSpec(
            "zR",
            4,
            is64 ? -8 : -4,
            65,
            PointerEncoding.PCREL | PointerEncoding.SDATA4,
            4,
            new CallFrameWriter(order, 4, is64 ? -8 : -4).defCfa(1, 0).toByteArray());
    frames.fde(
        plain,
        new Code(".text", 16, 16),
        CallFrameWriter.forCie(order, plain)
            .advance(4)
            .defCfaOffset(is64 ? 112 : 16)
            .offset(65, is64 ? 16 : 4)
            .offset(31, is64 ? -8 : -4)
            .advance(4)
            .rememberState()
            .restore(31)
            .sameValue(65)
            .advance(4)
            .restoreState()
            .toByteArray());
    return image.frames(frames);
  }

  CieSpec powerCie() {
    int encoding = is64 ? PointerEncoding.UDATA8 : PointerEncoding.SDATA4;
    return new CieSpec(
        "zRS",
        4,
        is64 ? -8 : -4,
        67,
        PointerEncoding.PCREL | encoding,
        is64 ? 8 : 4,
        new CallFrameWriter(order, 4, is64 ? -8 : -4).defCfa(1, 0).toByteArray());
  }

  /** The rules of __kernel_sigtramp_rt64 and _rt32 (kernels 5.10 and later). */
  byte[] powerTrampoline(CieSpec cie) {
    int word = is64 ? 8 : 4;
    int regs = is64 ? 128 + 168 + 56 : 64 + 16 + 128 + 20 + 28;
    CallFrameWriter out = CallFrameWriter.forCie(order, cie);
    out.defCfaExpression(e -> e.breg(1, regs).deref().plusUconst(word).deref());
    for (int r = 0; r < 32; r++) {
      if (r != 1) {
        saved(out, r, regs, r * word);
      }
    }
    saved(out, 67, regs, 32 * word);
    saved(out, 65, regs, 36 * word);
    int cr = 38 * word + (is64 && order == ByteOrder.BIG_ENDIAN ? 4 : 0);
    for (int column = is64 ? 68 : 70; column <= (is64 ? 75 : 70); column++) {
      saved(out, column, regs, cr);
    }
    for (int f = 0; f < 32; f++) {
      saved(out, 32 + f, regs, 48 * word + 8 * f);
    }
    int vectors = is64 ? 48 * 8 + 33 * 8 : 48 * 4 + 34 * 8;
    Label times16 = new Label();
    Label ifUsed = new Label();
    out.expression(
        77,
        e -> {
          e.lit(0).bind(times16).lit(16).op(DwarfOp.MUL).bind(ifUsed);
          e.breg(1, regs).deref().op(DwarfOp.DUP).plusUconst(33L * word).deref();
          e.const4u(1 << 25).op(DwarfOp.AND).op(DwarfOp.DUP).lit(0).op(DwarfOp.EQ).bra(0x7fff);
          e.op(DwarfOp.DROP).plusUconst(vectors);
          if (is64) {
            e.deref();
          }
          e.op(DwarfOp.PLUS).skip(0x7fff);
        });
    for (int v = 1; v < 32; v++) {
      int number = v;
      out.expression(77 + v, e -> e.lit(number).skip(times16));
    }
    out.expression(110, e -> e.const2u(32 * 16 + 12).skip(ifUsed));
    out.expression(
        109,
        e -> {
          e.breg(1, regs).deref().plusUconst(vectors);
          if (is64) {
            e.deref();
          }
          e.plusUconst((is64 ? 33 : 32) * 16L);
        });
    return out.toByteArray();
  }

  private static void saved(CallFrameWriter out, int column, int regs, int offset) {
    out.expression(
        column,
        e -> {
          e.breg(1, regs).deref();
          if (offset != 0) {
            e.plusUconst(offset);
          }
        });
  }

  /** An old image with .text at 0x400 and one hash table, or a later one without sections. */
  private SharedObjectBuilder x86(SharedObjectBuilder image) {
    byte[] code = {
      (byte) 0x90,
      0x58,
      (byte) 0xb8,
      0x77,
      0,
      0,
      0,
      (byte) 0xcd,
      (byte) 0x80, // sigreturn
      (byte) 0xb8,
      7,
      0,
      0,
      0,
      (byte) 0xc3, // mov $7,%eax; ret
    };
    int stack = is64 ? 7 : 4;
    int ra = is64 ? 16 : 8;
    int word = is64 ? 8 : 4;
    CieSpec cie =
        new CieSpec(
            is64 ? "zR" : "zRS",
            1,
            -word,
            ra,
            PointerEncoding.PCREL | PointerEncoding.SDATA4,
            4,
            new CallFrameWriter(order, 1, -word)
                .defCfa(stack, word)
                .offset(ra, -word)
                .toByteArray());
    FrameSectionWriter frames = new FrameSectionWriter(is64, order, false);
    frames.fde(
        cie,
        new Code(".text", 0, code.length),
        CallFrameWriter.forCie(order, cie)
            .defCfaExpression(e -> e.breg(stack, 32).deref())
            .expression(0, e -> e.breg(stack, 48))
            .advance(2)
            .valExpression(3, e -> e.breg(stack, -4).consts(-70000).op(DwarfOp.PLUS))
            .valOffset(6, -16)
            .register(2, 3)
            .undefined(5)
            .toByteArray());
    image
        .section(SectionSpec.code(".text", 16, code))
        .symbol(SymbolSpec.function("__kernel_sigreturn", node, ".text", 1, 8))
        .frames(frames)
        .entry("__kernel_sigreturn");
    if (is64) {
      SymbolSpec time = SymbolSpec.function("__vdso_time", node, ".text", 9, 6);
      image
          .symbol(time)
          .symbol(time.weakAlias("time"))
          .hashStyle(SharedObjectBuilder.HashStyle.GNU)
          .sectionHeaders(false);
    } else {
      image
          .version("LINUX_2.6", "LINUX_2.5")
          .symbol(SymbolSpec.function("__vdso_time", "LINUX_2.6", ".text", 9, 6))
          .hashStyle(SharedObjectBuilder.HashStyle.SYSV)
          .fixedOffset(".text", 0x400)
          .order(
              java.util.List.of(
                  ".hash",
                  ".dynsym",
                  ".dynstr",
                  ".gnu.version",
                  ".gnu.version_d",
                  ".text",
                  ".note",
                  ".eh_frame_hdr",
                  ".eh_frame",
                  ".dynamic",
                  ".useless"));
    }
    return image;
  }
}
