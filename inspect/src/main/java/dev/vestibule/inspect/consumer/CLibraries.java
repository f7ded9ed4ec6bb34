package dev.vestibule.inspect.consumer;

import dev.vestibule.elf.Elf;
import dev.vestibule.elf.ElfSymbol;
import dev.vestibule.elf.ElfVersions;
import dev.vestibule.inspect.Notes;
import dev.vestibule.inspect.Sighting;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** What do C libraries insist on? */
final class CLibraries {
  private static final int STT_COMMON = 5;
  private static final Set<Integer> MUSL_TYPES =
      Set.of(Elf.STT_NOTYPE, Elf.STT_OBJECT, Elf.STT_FUNC, STT_COMMON);

  /** ld.so with the GNU hash table (2.5 and later): elf/setup-vdso.h, dl-vdso.h. */
  static void glibc(Lens image, Findings findings) {
    if (image.count(Elf.PT_DYNAMIC) == 0) {
      findings.without("without PT_DYNAMIC the linker sees no symbols");
      return;
    }
    if (image.count(Elf.PT_TLS) > 0) {
      findings.fails("PT_TLS ends the dynamic linker with a failed assertion");
    }
    if (image.count(Elf.PT_LOAD) > 1) {
      findings.fails("more than one PT_LOAD: the linker takes the pages for laid out otherwise");
    }
    String damage = image.damage();
    if (damage != null) {
      findings.fails("follows the damaged table: " + damage);
      return;
    }
    lookUp(image, findings, true);
  }

  /** ld.so before 2.5, which knows DT_HASH alone (kernel commit 0b0bf7a3ccb6). */
  static void glibcWithoutGnuHash(Lens image, Findings findings) {
    if (!image.has(Elf.DT_HASH)) {
      findings.fails("no DT_HASH, the only table it knows: boot or first program dies (2006)");
    } else if (image.damage() == null) {
      lookUp(image, findings, false);
    }
  }

  private static void lookUp(Lens image, Findings findings, boolean knowsGnu) {
    Names names = Names.glibc(image.architecture());
    if (names == null) {
      findings.remark("which names it looks for on this architecture is not known here");
      return;
    }
    ElfVersions.Definition node = image.definition(names.version());
    if (node == null) {
      findings.without("no version " + names.version() + ": every call is a system call");
      return;
    }
    if (node.hash() != Elf.sysvHash(names.version())) {
      findings.without(
          "vd_hash of "
              + names.version()
              + " is not that of its name: every call is a system call");
      return;
    }
    List<String> missing = new ArrayList<>();
    for (String name : names.others()) {
      if (image.hashed(name, names.version(), knowsGnu) == null) {
        missing.add(name);
      }
    }
    if (image.hashed(names.time(), names.version(), knowsGnu) == null) {
      boolean listed = image.walk(names.time(), null) != null;
      findings.without(
          names.time()
              + (listed ? " is there but the hash table or version hides it" : " is missing")
              + ": reading the clock is a system call");
    } else if (!missing.isEmpty()) {
      findings.remark("system calls instead of " + String.join(", ", missing));
    }
  }

  /** glibc before 2.3.3 on i386: no load bias (arch/i386/Kconfig help of 2.6.18). */
  static void glibcLinkedAddress(Lens image, Findings findings) {
    Sighting seen = image.sighting();
    long at = seen == null ? 0 : seen.address();
    if (seen == null && image.linkBase() == 0) {
      findings.fails("linked at 0, so it can only be mapped elsewhere, which an assertion refuses");
    } else if (seen != null && at != image.linkBase()) {
      findings.fails(
          "mapped at 0x%x but linked at 0x%x, which an assertion refuses"
              .formatted(at, image.linkBase()));
    }
  }

  /** The kernel version that ld.so before 2.36 takes from the note, for "kernel too old". */
  static void glibcVersion(Lens image, Findings findings) {
    String noted = Notes.of(image.file()).linuxVersion();
    String kernel = image.kernel();
    if (noted == null) {
      findings.without("no Linux version note: it asks uname(2) instead");
    } else if (kernel != null && kernel.matches("[0-9]+\\.[0-9]+\\.[0-9]+([^0-9].*)?")) {
      String release = kernel.replaceFirst("^([0-9]+\\.[0-9]+\\.[0-9]+).*", "$1");
      boolean debian = release.endsWith(".0");
      boolean clamped = noted.endsWith(".255") && release.startsWith(prefix(noted));
      if (!noted.equals(release)
          && !clamped
          && !(debian && prefix(noted).equals(prefix(release)))) {
        findings.fails("the note says Linux " + noted + ", the kernel calls itself " + kernel);
      }
    }
  }

  private static String prefix(String release) {
    return release.substring(0, release.lastIndexOf('.') + 1);
  }

  /** src/internal/vdso.c: DT_HASH tells the number of symbols, versions are compared as text. */
  static void musl(Lens image, Findings findings) {
    String name;
    String version;
    switch (image.architecture()) {
      case "i386", "arm" -> {
        name = "__vdso_clock_gettime64";
        version = "LINUX_2.6";
      }
      case "x86_64", "x32" -> {
        name = "__vdso_clock_gettime";
        version = "LINUX_2.6";
      }
      case "ppc" -> {
        name = "__kernel_clock_gettime64";
        version = "LINUX_5.11";
      }
      case "ppc64", "ppc64le" -> {
        name = "__kernel_clock_gettime";
        version = "LINUX_2.6.15";
      }
      case "aarch64" -> {
        name = "__kernel_clock_gettime";
        version = "LINUX_2.6.39";
      }
      case "riscv64" -> {
        name = "__vdso_clock_gettime";
        version = "LINUX_4.15";
      }
      default -> {
        findings.remark("which names it looks for on this architecture is not known here");
        return;
      }
    }
    if (!image.has(Elf.DT_HASH)) {
      findings.without("no DT_HASH, the only table it knows: reading the clock is a system call");
      return;
    }
    String damage = image.damage();
    if (damage != null) {
      findings.fails("follows the damaged table: " + damage);
      return;
    }
    boolean versioned = image.has(Elf.DT_VERDEF);
    ElfSymbol symbol = image.walk(name, versioned ? version : null);
    if (symbol == null) {
      ElfSymbol other = image.walk(name, null);
      findings.without(
          other == null
              ? name + " is missing: reading the clock is a system call"
              : name
                  + " has version "
                  + other.version()
                  + ", it asks for "
                  + version
                  + ": reading the clock is a system call");
    } else if (!MUSL_TYPES.contains(symbol.type())) {
      findings.without(name + " is of type " + symbol.type() + ", which it does not take");
    }
  }

  private CLibraries() {}
}
