package dev.vestibule.inspect.consumer;

import dev.vestibule.elf.Elf;
import dev.vestibule.elf.ElfHeader;
import dev.vestibule.elf.ElfSymbol;
import dev.vestibule.inspect.Sighting;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** What does CRIU insist on? Its criu/vdso.c and criu/pie/util-vdso.c, and the tables per port. */
final class Checkpointing {
  private static final int OSABI_GNU = 3;

  private Checkpointing() {}

  /** CRIU 4.2 and later. */
  static void current(Lens image, Findings findings) {
    layout(image, findings, true);
    image(image, findings, true, true);
  }

  /** CRIU before 4.1: knows neither [vvar_vclock] nor DT_GNU_HASH. */
  static void old(Lens image, Findings findings) {
    layout(image, findings, false);
    image(image, findings, false, false);
  }

  private static void layout(Lens image, Findings findings, boolean knowsClockPages) {
    Sighting seen = image.sighting();
    if (seen == null || seen.areas().stream().allMatch(area -> area.name().isEmpty())) {
      return;
    }
    Sighting.Area vdso = seen.area("[vdso]");
    if (vdso == null) {
      findings.without("no [vdso] in the mappings: it takes the process for one without a vDSO");
      return;
    }
    if (vdso.start() != seen.address()) {
      findings.fails(
          "the ELF header lies 0x%x bytes into [vdso]: \"ELF header magic mismatch\" (criu#1417)"
              .formatted(seen.address() - vdso.start()));
    }
    Sighting.Area data = seen.area("[vvar]");
    if (data == null) {
      return;
    }
    Sighting.Area clocks = knowsClockPages ? seen.area("[vvar_vclock]") : null;
    long end = clocks == null ? data.end() : clocks.end();
    if (clocks != null && clocks.start() != data.end()) {
      findings.fails("[vvar_vclock] does not follow [vvar]");
    }
    if (end != vdso.start() && vdso.end() != data.start()) {
      findings.fails(
          "[vvar] does not touch [vdso]: \"Unexpected rt vDSO area bounds\" (criu#2532)");
    }
  }

  private static void image(Lens image, Findings findings, boolean knowsGnu, boolean anyGnuAbi) {
    ElfHeader header = image.file().header();
    if (header.order().equals(ByteOrder.BIG_ENDIAN)) {
      findings.fails("it takes little-endian images only");
      return;
    }
    if (header.osAbi() != 0 && !(anyGnuAbi && header.osAbi() == OSABI_GNU)) {
      findings.fails("EI_OSABI " + header.osAbi() + " is refused");
    }
    if (image.count(Elf.PT_LOAD) != 1 || image.count(Elf.PT_DYNAMIC) != 1) {
      findings.fails("it wants exactly one PT_LOAD and one PT_DYNAMIC");
      return;
    }
    for (long tag : new long[] {Elf.DT_STRTAB, Elf.DT_SYMTAB, Elf.DT_STRSZ, Elf.DT_SYMENT}) {
      if (!image.has(tag)) {
        findings.fails("dynamic tag " + tag + " is missing");
      }
    }
    if (!image.has(Elf.DT_HASH) && !(knowsGnu && image.has(Elf.DT_GNU_HASH))) {
      findings.fails(
          knowsGnu ? "no hash table" : "no DT_HASH, the only table it knows (criu#2570)");
    }
    String damage = image.damage();
    if (damage != null) {
      findings.fails("the image is parsed at every restore: " + damage);
      return;
    }
    if (!findings.failed()) {
      patching(image, findings);
    }
  }

  private static List<String> tracked(String architecture) {
    return switch (architecture) {
      case "x86_64", "x32", "i386" ->
          List.of(
              "__vdso_clock_gettime",
              "__vdso_getcpu",
              "__vdso_gettimeofday",
              "__vdso_time",
              "__kernel_sigreturn",
              "__kernel_rt_sigreturn",
              "__vdso_clock_gettime64");
      case "ppc64le" ->
          List.of(
              "__kernel_clock_getres",
              "__kernel_clock_gettime",
              "__kernel_get_syscall_map",
              "__kernel_get_tbfreq",
              "__kernel_getcpu",
              "__kernel_gettimeofday",
              "__kernel_sigtramp_rt64",
              "__kernel_sync_dicache",
              "__kernel_sync_dicache_p5",
              "__kernel_time");
      case "aarch64" ->
          List.of(
              "__kernel_clock_getres",
              "__kernel_clock_gettime",
              "__kernel_gettimeofday",
              "__kernel_rt_sigreturn");
      case "riscv64" ->
          List.of(
              "__vdso_clock_getres",
              "__vdso_clock_gettime",
              "__vdso_gettimeofday",
              "__vdso_getcpu",
              "__vdso_flush_icache",
              "__vdso_rt_sigreturn");
      default -> List.of("__vdso_clock_gettime", "__vdso_gettimeofday");
    };
  }

  /** Bytes that a redirecting jump takes at a function's entry. */
  private static int room(String architecture) {
    return switch (architecture) {
      case "ppc64le", "x86_64", "x32", "aarch64" -> 16;
      case "arm" -> 12;
      case "i386" -> 11;
      default -> 8;
    };
  }

  /** Restored under another kernel, the entries become jumps: is there room for them? */
  private static void patching(Lens image, Findings findings) {
    String architecture = image.architecture();
    List<String> tracked = tracked(architecture);
    List<ElfSymbol> entries = new ArrayList<>();
    List<String> untracked = new ArrayList<>();
    for (ElfSymbol symbol : image.symbols()) {
      if (!symbol.defined() || symbol.type() != Elf.STT_FUNC) {
        continue;
      }
      if (tracked.contains(symbol.name())) {
        entries.add(symbol);
      } else if (symbol.name().startsWith("__vdso_") || symbol.name().startsWith("__kernel_")) {
        untracked.add(symbol.name());
      }
    }
    entries.sort(Comparator.comparing(ElfSymbol::value, Long::compareUnsigned));
    boolean checked = architecture.equals("ppc64le") || architecture.equals("riscv64");
    for (int i = 1; i < entries.size(); i++) {
      ElfSymbol small = entries.get(i - 1);
      long gap = entries.get(i).value() - small.value();
      if (gap > 0 && gap < room(architecture) && checked) {
        findings.without(
            small.name() + " has " + gap + " bytes: no restore under a kernel with other offsets");
      }
    }
    if (!untracked.isEmpty()) {
      findings.remark(
          "restored under another kernel, old code stays behind: " + String.join(", ", untracked));
    }
  }
}
