package dev.vestibule.inspect.consumer;

import dev.vestibule.elf.Elf;
import dev.vestibule.elf.ElfException;
import dev.vestibule.elf.ElfSymbol;
import dev.vestibule.elf.SectionHeader;
import dev.vestibule.inspect.Notes;
import java.util.List;

/** What do language runtimes and libraries with readers of their own insist on? */
final class Runtimes {
  private Runtimes() {}

  /** src/runtime/vdso_linux.go. */
  static void go(Lens image, Findings findings) {
    if (image.count(Elf.PT_LOAD) == 0 || image.count(Elf.PT_DYNAMIC) == 0) {
      findings.without("without PT_LOAD and PT_DYNAMIC it does not look further");
      return;
    }
    if (!image.has(Elf.DT_HASH) && !image.has(Elf.DT_GNU_HASH)) {
      findings.without("no hash table of either kind: reading the clock is a system call");
      return;
    }
    if (!image.has(Elf.DT_VERDEF) && image.has(Elf.DT_VERSYM)) {
      findings.fails("DT_VERSYM without DT_VERDEF: it follows the missing table and crashes");
      return;
    }
    if (!image.has(Elf.DT_VERDEF)) {
      findings.fails("no DT_VERDEF: it follows the missing table and crashes");
      return;
    }
    Names names = Names.glibc(image.architecture());
    if (image.damage() != null || names == null) {
      findings.without("nothing it looks for can be read");
      return;
    }
    ElfSymbol symbol = image.hashed(names.time(), names.version(), true);
    if (symbol == null) {
      findings.without(
          names.time() + "@" + names.version() + " is not found: the clock is a system call");
    } else if (symbol.type() != Elf.STT_FUNC) {
      findings.without(names.time() + " is not of type STT_FUNC: the clock is a system call");
    }
  }

  /** Go on amd64 at the time of Linux 3.16: symbols counted by the section headers. */
  static void goSections(Lens image, Findings findings) {
    try {
      for (SectionHeader section : image.file().sections()) {
        if (section.type() == Elf.SHT_DYNSYM) {
          return;
        }
      }
    } catch (ElfException e) {
      findings.fails("the section headers cannot be read: " + e.problem());
      return;
    }
    findings.fails("no section of type SHT_DYNSYM, by which it counts symbols");
  }

  /** tools/testing/selftests/vDSO/parse_vdso.c. */
  static void selftests(Lens image, Findings findings, boolean knowsGnu) {
    boolean hash = image.has(Elf.DT_HASH) || knowsGnu && image.has(Elf.DT_GNU_HASH);
    if (image.count(Elf.PT_LOAD) == 0 || image.count(Elf.PT_DYNAMIC) == 0 || !hash) {
      findings.fails("its three musts, PT_LOAD, PT_DYNAMIC and a hash table it knows, are not met");
      return;
    }
    Names names = Names.glibc(image.architecture());
    if (image.damage() != null || names == null) {
      findings.fails("no symbol it tests can be read");
      return;
    }
    boolean versioned = image.has(Elf.DT_VERDEF) && image.has(Elf.DT_VERSYM);
    ElfSymbol symbol =
        image.hashed(
            names.time(), versioned ? names.version() : null, knowsGnu && !hashOnly(image));
    if (symbol == null) {
      findings.fails(names.time() + "@" + names.version() + " is not found");
    } else if (symbol.type() != Elf.STT_FUNC) {
      findings.fails(names.time() + " is not of type STT_FUNC");
    }
  }

  private static boolean hashOnly(Lens image) {
    return !image.has(Elf.DT_GNU_HASH);
  }

  /** absl/debugging/internal/elf_mem_image.cc and vdso_support.cc. */
  static void abseil(Lens image, Findings findings) {
    List<Long> musts = List.of(Elf.DT_SYMTAB, Elf.DT_STRTAB, Elf.DT_VERSYM, Elf.DT_VERDEF);
    boolean hash = image.has(Elf.DT_HASH) || image.has(Elf.DT_GNU_HASH);
    if (!hash || !musts.stream().allMatch(image::has)) {
      findings.without("one of its five tables is missing: it takes the image for absent");
      return;
    }
    if (image.architecture().equals("x86_64")
        && image.hashed("__vdso_getcpu", "LINUX_2.6", true) == null) {
      findings.without("__vdso_getcpu@LINUX_2.6 is not found: the processor is a system call");
    }
  }

  /** The same reader before it took symbols without a type (abseil#805). */
  static void abseilTyped(Lens image, Findings findings) {
    ElfSymbol symbol = image.walk("__kernel_rt_sigreturn", "LINUX_2.6.39");
    if (symbol == null) {
      findings.without("__kernel_rt_sigreturn@LINUX_2.6.39 is missing: no stack through signals");
    } else if (symbol.type() != Elf.STT_FUNC) {
      findings.fails("__kernel_rt_sigreturn is not of type STT_FUNC, which an assertion wants");
    }
  }

  /** ElfMemImage of early gperftools (gperftools#307, #176). */
  static void gperftools(Lens image, Findings findings) {
    if (image.linkBase() != 0) {
      findings.fails(
          "linked at 0x%x: it follows DT_ addresses as they stand and crashes at start"
              .formatted(image.linkBase()));
    }
    if (!image.has(Elf.DT_HASH)) {
      findings.fails("no DT_HASH, by which it counts symbols: it crashes at start");
    }
  }

  /** rustix, linux_raw back end, before it knew DT_GNU_HASH (rustix#1253). */
  static void rustixOld(Lens image, Findings findings) {
    if (!image.has(Elf.DT_HASH) && image.has(Elf.DT_GNU_HASH)) {
      findings.fails("no DT_HASH: it follows the missing table and crashes");
    } else {
      rustix(image, findings);
    }
  }

  /** rustix, linux_raw back end: parse_vdso.c in Rust, versions wanted. */
  static void rustix(Lens image, Findings findings) {
    Names names = Names.glibc(image.architecture());
    if (!image.has(Elf.DT_VERDEF) || !image.has(Elf.DT_VERSYM)) {
      findings.without("no version tables: the clock is a system call");
    } else if (names == null || image.hashed(names.time(), names.version(), true) == null) {
      findings.without("its clock_gettime is not found: the clock is a system call");
    }
  }

  /** internal/linux: the kernel's version by the note (ebpf#1408). */
  static void ebpf(Lens image, Findings findings) {
    if (image.count(Elf.PT_NOTE) == 0) {
      findings.fails("no PT_NOTE: it cannot tell the kernel's version");
    } else if (Notes.of(image.file()).linuxVersion() == null) {
      findings.fails("no Linux version note: it cannot tell the kernel's version");
    }
  }
}
