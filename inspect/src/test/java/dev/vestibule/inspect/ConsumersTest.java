package dev.vestibule.inspect;

import static dev.vestibule.inspect.consumer.Verdict.Outcome.DOES_WITHOUT;
import static dev.vestibule.inspect.consumer.Verdict.Outcome.FAILS;
import static dev.vestibule.inspect.consumer.Verdict.Outcome.WORKS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vestibule.elf.Elf;
import dev.vestibule.elf.ElfNote;
import dev.vestibule.elf.SectionSpec;
import dev.vestibule.elf.SharedObjectBuilder;
import dev.vestibule.elf.SharedObjectBuilder.HashStyle;
import dev.vestibule.elf.SymbolSpec;
import dev.vestibule.inspect.Sighting.Area;
import dev.vestibule.inspect.consumer.Consumers;
import dev.vestibule.inspect.consumer.Verdict;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Does each rule say what happened to its consumer when a kernel changed? */
class ConsumersTest {
  private static Map<String, Verdict.Outcome> outcomes(SharedObjectBuilder image)
      throws InspectException {
    return outcomes(Specimen.ofFile("image", image.build().bytes(), null));
  }

  private static Map<String, Verdict.Outcome> outcomes(Specimen specimen) {
    Map<String, Verdict.Outcome> outcomes = new HashMap<>();
    for (Verdict verdict : Consumers.judge(specimen)) {
      outcomes.put(verdict.consumer().id(), verdict.outcome());
      assertThat(verdict.reasons()).allMatch(reason -> !reason.contains("\n"));
    }
    return outcomes;
  }

  private static SharedObjectBuilder x86() {
    return new SharedObjectBuilder(true, ByteOrder.LITTLE_ENDIAN, Elf.EM_X86_64)
        .soname("linux-vdso.so.1")
        .version("LINUX_2.6")
        .note(ElfNote.linuxVersion(0x060000 | 1 << 8, ByteOrder.LITTLE_ENDIAN))
        .symbol(SymbolSpec.function("__vdso_clock_gettime", "LINUX_2.6", ".text", 0, 16))
        .symbol(SymbolSpec.function("__vdso_getcpu", "LINUX_2.6", ".text", 16, 16))
        .section(SectionSpec.code(".text", 16, new byte[32]));
  }

  private static SharedObjectBuilder arm64() {
    byte[] code = new byte[32];
    ByteBuffer.wrap(code).order(ByteOrder.LITTLE_ENDIAN).putInt(0xd2801168).putInt(0xd4000001);
    return new SharedObjectBuilder(true, ByteOrder.LITTLE_ENDIAN, Elf.EM_AARCH64)
        .soname("linux-vdso.so.1")
        .version("LINUX_2.6.39")
        .note(ElfNote.linuxVersion(0x060c00, ByteOrder.LITTLE_ENDIAN))
        .symbol(
            SymbolSpec.function("__kernel_rt_sigreturn", "LINUX_2.6.39", ".text", 0, 8)
                .typed(Elf.STT_NOTYPE))
        .symbol(SymbolSpec.function("__kernel_clock_gettime", "LINUX_2.6.39", ".text", 16, 16))
        .section(SectionSpec.code(".text", 16, code));
  }

  @Test
  void anImageOfOurDaySuitsEverybodyOfOurDay() throws InspectException {
    assertThat(outcomes(x86()))
        .containsOnly(
            Map.entry("glibc", WORKS),
            Map.entry("glibc-version", WORKS),
            Map.entry("glibc-sysv", WORKS),
            Map.entry("musl", WORKS),
            Map.entry("go", WORKS),
            Map.entry("go-sections", WORKS),
            Map.entry("libgcc", WORKS),
            Map.entry("gdb", WORKS),
            Map.entry("criu", WORKS),
            Map.entry("criu-old", WORKS),
            Map.entry("selftests", WORKS),
            Map.entry("selftests-old", WORKS),
            Map.entry("abseil", WORKS),
            Map.entry("gperftools", WORKS),
            Map.entry("rustix", WORKS),
            Map.entry("rustix-sysv", WORKS),
            Map.entry("ebpf", WORKS));
  }

  /** Debian's arm64 kernel 6.12: rustix#1253, CRIU PR 2570; musl silently asks the kernel. */
  @Test
  void gnuHashAlone() throws InspectException {
    Map<String, Verdict.Outcome> outcomes = outcomes(arm64().hashStyle(HashStyle.GNU));
    assertThat(outcomes).containsEntry("musl", DOES_WITHOUT).containsEntry("glibc", WORKS);
    assertThat(outcomes).containsEntry("rustix-sysv", FAILS).containsEntry("rustix", WORKS);
    assertThat(outcomes).containsEntry("criu-old", FAILS).containsEntry("criu", WORKS);
    assertThat(outcomes).containsEntry("selftests-old", FAILS).containsEntry("go", WORKS);
  }

  /** Linux 5.8: abseil#805; libgcc knows the two instructions. */
  @Test
  void trampolineWithoutType() throws InspectException {
    assertThat(outcomes(arm64()))
        .containsEntry("abseil-typed", FAILS)
        .containsEntry("libgcc", WORKS);
  }

  /** Linux 2.6.32 on x86-64: gperftools#307; readers with a load bias do not mind. */
  @Test
  void linkBase() throws InspectException {
    assertThat(outcomes(x86().linkBase(0xffffffffff700000L)))
        .containsEntry("gperftools", FAILS)
        .containsEntry("glibc", WORKS)
        .containsEntry("go", WORKS);
  }

  /** Linux 3.15: no section headers; commit bfad381c0d1e. */
  @Test
  void strippedOfSections() throws InspectException {
    assertThat(outcomes(x86().staticSymbols(false).sectionHeaders(false)))
        .containsEntry("go-sections", FAILS)
        .containsEntry("gdb", DOES_WITHOUT)
        .containsEntry("glibc", WORKS);
  }

  /** elfuse PR 50: a synthetic image without version definitions. */
  @Test
  void noVersions() throws InspectException {
    SharedObjectBuilder image =
        new SharedObjectBuilder(true, ByteOrder.LITTLE_ENDIAN, Elf.EM_X86_64)
            .soname("linux-vdso.so.1")
            .versionSymbols(false)
            .symbol(
                new SymbolSpec(
                    "__vdso_clock_gettime", null, ".text", 0, 16, Elf.STT_FUNC, Elf.STB_GLOBAL, 0))
            .section(SectionSpec.code(".text", 16, new byte[32]));
    assertThat(outcomes(image))
        .containsEntry("go", FAILS)
        .containsEntry("glibc", DOES_WITHOUT)
        .containsEntry("ebpf", FAILS);
  }

  /** ppc64 of 2.6.12: the node is LINUX_2.6.12, so that C libraries find nothing. */
  @Test
  void olderVersionNode() throws InspectException {
    SharedObjectBuilder image =
        new SharedObjectBuilder(true, ByteOrder.BIG_ENDIAN, Elf.EM_PPC64)
            .soname("linux-vdso64.so.1")
            .version("LINUX_2.6.12")
            .symbol(SymbolSpec.function("__kernel_gettimeofday", "LINUX_2.6.12", ".text", 0, 16))
            .section(SectionSpec.code(".text", 16, new byte[32]));
    assertThat(outcomes(image))
        .containsEntry("glibc", DOES_WITHOUT)
        .containsEntry("musl", DOES_WITHOUT)
        .containsEntry("criu", FAILS);
  }

  /** musl on ppc asks for a version that no kernel has. */
  @Test
  void versionThatNoKernelHas() throws InspectException {
    SharedObjectBuilder image =
        new SharedObjectBuilder(false, ByteOrder.BIG_ENDIAN, Elf.EM_PPC)
            .soname("linux-vdso32.so.1")
            .version("LINUX_2.6.15")
            .symbol(SymbolSpec.function("__kernel_clock_gettime", "LINUX_2.6.15", ".text", 0, 16))
            .symbol(SymbolSpec.function("__kernel_clock_gettime64", "LINUX_2.6.15", ".text", 0, 16))
            .section(SectionSpec.code(".text", 16, new byte[32]));
    assertThat(outcomes(image)).containsEntry("musl", DOES_WITHOUT).containsEntry("glibc", WORKS);
  }

  private static Specimen mapped(long header, List<Area> areas) throws InspectException {
    Specimen bare = Specimen.ofFile("image", Samples.image().build().bytes(), null);
    Sighting seen = new Sighting(header, List.of(), areas, false, null, 0);
    return new Specimen(bare.name(), bare.bytes(), bare.file(), null, seen);
  }

  /** Linux 5.11 on powerpc: data first inside [vdso]; criu#1417. */
  @Test
  void dataInFrontOfTheHeader() throws InspectException {
    assertThat(outcomes(mapped(0x11000, List.of(new Area("[vdso]", 0x10000, 0x13000, "r-xp")))))
        .containsEntry("criu", FAILS);
  }

  /** Linux 6.13 on x86: criu#2532. */
  @Test
  void clockPagesBetweenDataAndCode() throws InspectException {
    List<Area> areas =
        List.of(
            new Area("[vvar]", 0x10000, 0x14000, "r--p"),
            new Area("[vvar_vclock]", 0x14000, 0x16000, "r--p"),
            new Area("[vdso]", 0x16000, 0x18000, "r-xp"));
    assertThat(outcomes(mapped(0x16000, areas)))
        .containsEntry("criu", WORKS)
        .containsEntry("criu-old", FAILS);
  }

  /** Rules read hostile images too. */
  @Test
  void damageIsAVerdict() throws Exception {
    byte[] whole = x86().build().bytes();
    java.util.Random random = new java.util.Random(Long.getLong("seed", 7));
    for (int round = 0; round < 3000; round++) {
      byte[] bytes = whole.clone();
      for (int flips = random.nextInt(1, 6); flips > 0; flips--) {
        bytes[random.nextInt(random.nextBoolean() ? 0x400 : bytes.length)] =
            (byte) random.nextInt();
      }
      try {
        Specimen specimen = Specimen.ofFile("image", bytes, null);
        outcomes(specimen);
        ImageFacts.of(specimen);
        ImageDiff.of(specimen, Specimen.ofFile("image", whole, null));
      } catch (InspectException e) {
        assertThat(e.getMessage()).startsWith("image: ");
      }
    }
  }
}
