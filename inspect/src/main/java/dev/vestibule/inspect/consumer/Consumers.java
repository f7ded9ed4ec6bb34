package dev.vestibule.inspect.consumer;

import dev.vestibule.inspect.Specimen;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Which consumers of vDSO images are known, and how does each get on with one? */
public final class Consumers {
  private static final Set<String> BEFORE_2006 =
      Set.of("i386", "x86_64", "ppc", "ppc64", "ia64", "s390", "s390x");
  private static final Set<String> GO =
      Set.of("i386", "x86_64", "arm", "aarch64", "ppc64", "ppc64le", "riscv64");
  private static final Set<String> RUSTIX =
      Set.of("i386", "x86_64", "aarch64", "riscv64", "ppc64", "ppc64le");
  private static final Set<String> CRIU =
      Set.of("x86_64", "i386", "aarch64", "arm", "ppc64", "ppc64le", "riscv64");

  /** Not arm, which has tables of another kind. */
  private static final Set<String> UNWOUND =
      Set.of("i386", "x86_64", "x32", "aarch64", "riscv64", "ppc", "ppc64", "ppc64le", "s390x");

  private static final List<Row> ROWS =
      List.of(
          row(
              "glibc",
              "glibc, symbols",
              Set.of(),
              "glibc elf/setup-vdso.h, sysdeps/unix/sysv/linux/dl-vdso.h",
              CLibraries::glibc),
          row(
              "glibc-version",
              "glibc before 2.36, kernel version",
              Set.of(),
              "glibc sysdeps/unix/sysv/linux/dl-sysdep.c; gvisor PR 13016",
              CLibraries::glibcVersion),
          row(
              "glibc-sysv",
              "glibc before 2.5",
              BEFORE_2006,
              "Linux commit 0b0bf7a3ccb6",
              CLibraries::glibcWithoutGnuHash),
          row(
              "glibc-bias",
              "glibc before 2.3.3",
              Set.of("i386"),
              "Linux 2.6.18 arch/i386/Kconfig, COMPAT_VDSO",
              CLibraries::glibcLinkedAddress),
          row(
              "musl",
              "musl",
              Set.of(),
              "musl src/internal/vdso.c, arch/*/syscall_arch.h",
              CLibraries::musl),
          row("go", "Go", GO, "Go src/runtime/vdso_linux.go; elfuse PR 50", Runtimes::go),
          row(
              "go-sections",
              "Go of 2014 and before",
              Set.of("x86_64"),
              "Linux commit bfad381c0d1e",
              Runtimes::goSections),
          row(
              "libgcc",
              "libgcc unwinder",
              UNWOUND,
              "gcc libgcc/config/{rs6000,i386}/linux-unwind.h",
              Debugging::libgcc),
          row("gdb", "gdb", Set.of(), "gdb symfile-mem.c; km PR 1743", Debugging::gdb),
          row(
              "criu",
              "CRIU 4.2",
              CRIU,
              "CRIU criu/vdso.c, criu/pie/util-vdso.c",
              Checkpointing::current),
          row(
              "criu-old",
              "CRIU before 4.1",
              CRIU,
              "criu#1417, criu#2532, CRIU PR 2570",
              Checkpointing::old),
          row(
              "selftests",
              "kernel selftests, Linux 6.18",
              Set.of(),
              "Linux tools/testing/selftests/vDSO/parse_vdso.c",
              (image, findings) -> Runtimes.selftests(image, findings, true)),
          row(
              "selftests-old",
              "kernel selftests before DT_GNU_HASH",
              Set.of(),
              "Linux tools/testing/selftests/vDSO/parse_vdso.c",
              (image, findings) -> Runtimes.selftests(image, findings, false)),
          row(
              "abseil",
              "abseil and tcmalloc",
              Set.of("x86_64", "aarch64", "ppc64", "ppc64le"),
              "abseil absl/debugging/internal/vdso_support.cc",
              Runtimes::abseil),
          row(
              "abseil-typed",
              "abseil of 2020 and before",
              Set.of("aarch64"),
              "abseil#805",
              Runtimes::abseilTyped),
          row(
              "gperftools",
              "gperftools of 2011 and before",
              Set.of("x86_64", "i386"),
              "gperftools#176, gperftools#307",
              Runtimes::gperftools),
          row("rustix", "rustix", RUSTIX, "rustix PR 1254", Runtimes::rustix),
          row(
              "rustix-sysv",
              "rustix before DT_GNU_HASH",
              RUSTIX,
              "rustix#1253",
              Runtimes::rustixOld),
          row("ebpf", "cilium/ebpf", Set.of(), "ebpf#1408", Runtimes::ebpf));

  /** What a consumer does with an image. */
  @FunctionalInterface
  private interface Rule {
    void apply(Lens image, Findings findings);
  }

  private record Row(Consumer consumer, Rule rule) {}

  private Consumers() {}

  private static Row row(
      String id, String title, Set<String> architectures, String source, Rule rule) {
    return new Row(new Consumer(id, title, architectures, source), rule);
  }

  /** Every known consumer. */
  public static List<Consumer> all() {
    return ROWS.stream().map(Row::consumer).toList();
  }

  /** The verdict of each consumer that there is for the image's architecture. */
  public static List<Verdict> judge(Specimen specimen) {
    List<Verdict> verdicts = new ArrayList<>();
    Lens lens = new Lens(specimen);
    for (Row row : ROWS) {
      if (row.consumer.concerns(lens.architecture())) {
        Findings findings = new Findings();
        row.rule.apply(lens, findings);
        verdicts.add(findings.verdict(row.consumer));
      }
    }
    return List.copyOf(verdicts);
  }
}
