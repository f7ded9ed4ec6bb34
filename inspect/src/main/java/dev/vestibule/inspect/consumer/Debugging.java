package dev.vestibule.inspect.consumer;

import dev.vestibule.elf.Elf;
import dev.vestibule.elf.ElfException;
import dev.vestibule.elf.ElfHeader;
import dev.vestibule.elf.ElfSymbol;
import dev.vestibule.elf.ProgramHeader;
import dev.vestibule.elf.SectionHeader;
import dev.vestibule.elf.cfi.Fde;
import dev.vestibule.elf.cfi.FrameTable;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;

/** What do unwinders and debuggers insist on? */
final class Debugging {
  private static final Set<String> TRAMPOLINES =
      Set.of(
          "__kernel_sigtramp_rt64",
          "__kernel_sigtramp32",
          "__kernel_sigtramp_rt32",
          "__kernel_sigreturn",
          "__kernel_rt_sigreturn",
          "__vdso_rt_sigreturn");

  private Debugging() {}

  /** libgcc: unwind-dw2-fde-dip.c, and MD_FALLBACK_FRAME_STATE_FOR of each port. */
  static void libgcc(Lens image, Findings findings) {
    FrameTable frames = null;
    String why = "there is no PT_GNU_EH_FRAME";
    if (image.count(Elf.PT_GNU_EH_FRAME) > 0) {
      try {
        frames = FrameTable.read(image.file());
        why = "no call-frame data covers it";
      } catch (ElfException e) {
        why = e.field() + ": " + e.problem();
      }
    }
    boolean any = false;
    for (ElfSymbol symbol : image.symbols()) {
      if (symbol.defined() && TRAMPOLINES.contains(symbol.name())) {
        any = true;
        trampoline(image, frames, symbol, why, findings);
      }
    }
    boolean x86 = image.architecture().equals("x86_64") || image.architecture().equals("x32");
    if (!any && !x86) {
      findings.without("there is no signal trampoline; the one on the stack is recognised by code");
    }
  }

  private static void trampoline(
      Lens image,
      @org.jspecify.annotations.Nullable FrameTable frames,
      ElfSymbol symbol,
      String why,
      Findings findings) {
    Fde at = frames == null ? null : frames.find(symbol.value());
    Fde before = frames == null ? null : frames.find(symbol.value() - 1);
    if (at != null && at.cie().signalFrame()) {
      return;
    }
    if (before != null) {
      findings.without(
          symbol.name()
              + ": no signal-frame mark (S) in its call-frame data; only workarounds keep the"
              + " interrupted address right");
    } else if (matches(image, symbol.value())) {
      findings.remark(symbol.name() + ": " + why + ", recognised by its code");
    } else {
      findings.fails(
          symbol.name()
              + ": "
              + why
              + " and its code is not what libgcc knows: exceptions and backtraces end here");
    }
  }

  /** The byte patterns of linux-unwind.h for rs6000, i386, aarch64 and riscv. */
  private static boolean matches(Lens image, long address) {
    long offset = image.file().offsetOf(address);
    byte[] bytes = image.bytes();
    if (offset < 0 || offset + 12 > bytes.length) {
      return false;
    }
    ByteBuffer code = ByteBuffer.wrap(bytes).order(image.file().header().order());
    int at = (int) offset;
    int first = code.getInt(at);
    int second = code.getInt(at + 4);
    int third = code.getInt(at + 8);
    return switch (image.architecture()) {
      case "ppc64", "ppc64le" ->
          first == 0x38210080
              && (second == 0x38000077 || second == 0x380000ac)
              && third == 0x44000002;
      case "ppc" ->
          Set.of(0x38007777, 0x38000077, 0x38006666, 0x380000ac).contains(first)
              && second == 0x44000002;
      case "i386" ->
          first == 0x0077b858 && second == 0x80cd0000
              || first == 0x0000adb8 && (second & 0xffffff) == 0x80cd00;
      case "aarch64" -> first == 0xd2801168 && second == 0xd4000001;
      case "riscv64" -> first == 0x08b00893 && second == 0x00000073;
      default -> false;
    };
  }

  /** gdb: add-symbol-file-from-memory over BFD's elf_bfd_from_remote_memory. */
  static void gdb(Lens image, Findings findings) {
    ElfHeader header = image.file().header();
    List<ProgramHeader> segments = image.file().programHeaders();
    boolean headerMapped =
        segments.stream().anyMatch(p -> p.type() == Elf.PT_LOAD && p.offset() == 0);
    if (segments.isEmpty()) {
      findings.fails("no program headers: the image cannot be read from memory");
      return;
    }
    if (!headerMapped) {
      findings.fails("no PT_LOAD covers the file header: the image cannot be read from memory");
      return;
    }
    if (header.shoff() == 0 || header.shnum() == 0) {
      findings.without("no section headers: \"no loadable sections found\", and no symbols");
      return;
    }
    try {
      boolean loadable = false;
      for (SectionHeader section : image.file().sections()) {
        loadable |= (section.flags() & Elf.SHF_ALLOC) != 0 && section.type() != Elf.SHT_NOBITS;
      }
      if (!loadable) {
        findings.without("\"no loadable sections found\", and no symbols");
      }
    } catch (ElfException e) {
      findings.without("section headers are not all mapped: no symbols (" + e.problem() + ")");
    }
  }
}
