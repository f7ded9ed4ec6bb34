package dev.vestibule.handed;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vestibule.elf.ElfFile;
import dev.vestibule.elf.SharedObjectVerifier;
import dev.vestibule.profile.KernelProfile;
import dev.vestibule.profile.KernelProfile.Reach;
import dev.vestibule.profile.Profiles;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class VdsoImageTest {
  /** One profile for each form of call-frame data; showing all would say the same again. */
  private static final Set<String> WITH_FRAMES =
      Set.of(
          "ppc64-2.6.12",
          "ppc-2.6.12-compat",
          "ppc64-2.6.18",
          "ppc64-2.6.32",
          "ppc64-4.4",
          "ppc64-6.1",
          "ppc64le-6.1",
          "ppc-6.1");

  @TempDir Path dir;

  static java.util.stream.Stream<KernelProfile> profiles() throws Exception {
    return VdsoCallTest.profiles();
  }

  @ParameterizedTest
  @MethodSource("profiles")
  void theVerifierFindsNothing(KernelProfile profile) throws Exception {
    VdsoImage image = VdsoImages.of(profile);
    assertThat(image).isNotNull();
    assertThat(SharedObjectVerifier.verify(ElfFile.read(image.file(), profile.name()))).isEmpty();
  }

  /** Rewrite the golden files with {@code -Dgolden.write=true} and read the difference. */
  @ParameterizedTest
  @MethodSource("profiles")
  void programsSeeWhatWasReviewed(KernelProfile profile) throws Exception {
    VdsoImage image = VdsoImages.of(profile);
    assertThat(image).isNotNull();
    boolean frames = WITH_FRAMES.contains(profile.name());
    List<String> lines = ImageText.of(profile.name(), image.file(), frames);
    Path golden = Path.of("src/test/golden", profile.name() + ".txt");
    if (Boolean.getBoolean("golden.write")) {
      Files.createDirectories(golden.getParent());
      Files.write(golden, lines);
    }
    assertThat(lines).isEqualTo(Files.readAllLines(golden));
  }

  @ParameterizedTest
  @MethodSource("profiles")
  void theBuildMadeTheImageThatTheEntriesMake(KernelProfile profile) {
    VdsoImage loaded = VdsoImages.of(profile);
    VdsoImage built = VdsoImages.build(profile);
    assertThat(loaded).isNotNull();
    assertThat(loaded.bytes()).isEqualTo(built.bytes());
    assertThat(loaded.functions()).isEqualTo(built.functions());
    assertThat(loaded.trampolines()).isEqualTo(built.trampolines());
  }

  /** Rows of the era table: which kernel has which functions. */
  @Test
  void eachEraHasItsFunctions() throws Exception {
    String first = "get_syscall_map gettimeofday sync_dicache sync_dicache_p5 ";
    String merged = first + "clock_gettime clock_getres get_tbfreq ";
    String timely = merged + "time ";
    String recent =
        "clock_getres clock_gettime get_syscall_map get_tbfreq getcpu gettimeofday sync_dicache "
            + "time ";
    String wide = "sigtramp_rt64";
    String narrow = "sigtramp32 sigtramp_rt32";
    Map<String, String> expected = new TreeMap<>();
    expected.put("ppc64-2.6.12", first + wide);
    expected.put("ppc-2.6.12-compat", first + narrow);
    expected.put("ppc64-2.6.18", merged + wide);
    expected.put("ppc-2.6.18", merged + narrow);
    expected.put("ppc64-2.6.32", merged + wide);
    expected.put("ppc-2.6.32-compat", merged + narrow);
    expected.put("ppc64-3.10", timely + "getcpu " + wide);
    expected.put("ppc-3.10-compat", timely + "getcpu " + narrow);
    expected.put("ppc-3.10", timely + narrow);
    expected.put("ppc-4.19", timely + narrow);
    expected.put("ppc64le-5.10", timely + "getcpu " + wide);
    expected.put("ppc-5.10", timely + "getcpu " + narrow);
    expected.put("ppc64-5.11", recent + wide);
    expected.put("ppc-5.11-compat", recent + "clock_gettime64 " + narrow);
    expected.put("ppc64-6.1", recent + wide);
    expected.put("ppc64le-6.1", recent + wide);
    expected.put("ppc-6.1", recent + "clock_gettime64 " + narrow);
    for (Map.Entry<String, String> row : expected.entrySet()) {
      VdsoImage image = VdsoImages.of(Profiles.load(row.getKey()));
      assertThat(image).isNotNull();
      assertThat(image.functions().keySet())
          .as(row.getKey())
          .containsExactlyInAnyOrder(
              java.util.Arrays.stream(row.getValue().split(" ", -1))
                  .map(name -> "__kernel_" + name)
                  .toArray(String[]::new));
    }
    assertThat(VdsoImages.of(Profiles.load("ppc-2.6.12"))).isNull();
  }

  /** Unwinders and old libgcc compare these bytes. */
  @ParameterizedTest
  @MethodSource("profiles")
  void trampolinesAreByteForByteWhatUnwindersLookFor(KernelProfile profile) {
    VdsoImage image = VdsoImages.of(profile);
    assertThat(image).isNotNull();
    ByteBuffer bytes = ByteBuffer.wrap(image.bytes()).order(profile.architecture().order());
    int rt = image.trampolines().rt();
    if (profile.architecture().is64()) {
      assertThat(bytes.getInt(rt)).isEqualTo(0x38210080);
      assertThat(bytes.getInt(rt + 4)).isEqualTo(0x380000ac);
      assertThat(bytes.getInt(rt + 8)).isEqualTo(0x44000002);
      assertThat(bytes.getLong(rt + 12)).isZero();
      assertThat(bytes.getInt(rt + 20)).isZero();
      assertThat(bytes.getLong(rt + 24)).isZero();
      assertThat(bytes.getLong(rt + 32)).isEqualTo(-168);
      boolean branch = image.trampolines().rtStart() >= 0;
      assertThat(bytes.getInt(rt - 4)).isEqualTo(branch ? 0x4e800421 : 0x60000000);
      assertThat(branch).isEqualTo(profile.uname().linux().atLeast(VdsoCallTest.version("5.10")));
    } else {
      assertThat(bytes.getInt(rt - 4)).isEqualTo(0x60000000);
      assertThat(bytes.getInt(rt)).isEqualTo(0x380000ac);
      assertThat(bytes.getInt(rt + 4)).isEqualTo(0x44000002);
      int old = image.trampolines().old();
      assertThat(bytes.getInt(old - 4)).isEqualTo(0x60000000);
      assertThat(bytes.getInt(old)).isEqualTo(0x38000077);
      assertThat(bytes.getInt(old + 4)).isEqualTo(0x44000002);
    }
  }

  /** POWER5 got its own cache function in place of the general one. */
  @Test
  void symbolsAreRewrittenForTheProcessor() throws Exception {
    VdsoImage image = VdsoImages.of(Profiles.load("ppc64-2.6.12"));
    assertThat(image).isNotNull();
    assertThat(image.functions().get("__kernel_sync_dicache"))
        .isEqualTo(image.functions().get("__kernel_sync_dicache_p5"));
    assertThat(image.names()).containsValue("__kernel_sync_dicache");
    assertThat(image.names()).doesNotContainValue("__kernel_sync_dicache_p5");
  }

  /** GNU tools read the same symbols from the file as we do. */
  @ParameterizedTest
  @MethodSource("profiles")
  void readelfSeesTheSameSymbols(KernelProfile profile) throws Exception {
    Assumptions.assumeTrue(Files.isExecutable(Path.of("/usr/bin/readelf")));
    VdsoImage image = VdsoImages.of(profile);
    assertThat(image).isNotNull();
    Path file = Files.write(dir.resolve("image.so"), image.file());
    Process readelf =
        new ProcessBuilder("/usr/bin/readelf", "-W", "--dyn-syms", file.toString())
            .redirectErrorStream(true)
            .start();
    String output = new String(readelf.getInputStream().readAllBytes());
    assertThat(readelf.waitFor()).isZero();
    assertThat(output).doesNotContain("Warning").doesNotContain("Error");
    Map<String, Integer> seen = new TreeMap<>();
    for (String line : output.split("\n", -1)) {
      String[] columns = line.trim().split("\\s+", -1);
      String suffix = "@@" + profile.vdso().version();
      if (columns.length == 8 && columns[7].startsWith("__kernel_")) {
        assertThat(columns[7]).endsWith(suffix);
        boolean typed = profile.vdso().symbolTypes() && !columns[7].contains("_offset@");
        assertThat(columns[3]).as(columns[7]).isEqualTo(typed ? "FUNC" : "NOTYPE");
        String name = columns[7].substring(0, columns[7].length() - suffix.length());
        long base = profile.vdso().linkBase();
        seen.put(name, (int) (Long.parseLong(columns[1], 16) - base));
      }
    }
    assertThat(seen.remove("__kernel_datapage_offset") != null)
        .isEqualTo(profile.data().reach() == Reach.OFFSET_WORD);
    assertThat(seen.remove("__kernel_start_sigtramp_rt64") != null)
        .isEqualTo(profile.name().matches("ppc64(le)?-5.10"));
    assertThat(seen).isEqualTo(image.functions());
  }

  /** A page with a breakpoint is one process's own; the data page stays everyone's. */
  @Test
  void writingToTheImageCopiesThatPageAlone() throws Exception {
    KernelProfile profile = Profiles.load("ppc64-2.6.12");
    Timekeeper time = new Timekeeper(profile, TimeSource.host());
    HandedPages pages = HandedPages.of(profile, time);
    assertThat(pages).isNotNull();
    try (time;
        Caller debugged = new Caller(profile, pages, time);
        Caller other = new Caller(profile, pages, time)) {
      long address = debugged.mapping.vdso();
      debugged.memory().poke(address, new byte[] {1, 2, 3, 4}, 0, 4);
      assertThat(debugged.memory().load32(address)).isEqualTo(0x01020304);
      assertThat(other.memory().load32(address)).isEqualTo(0x7f454c46);
      pages.data().setTimeZone(77, 0);
      long data = debugged.mapping.start() + pages.length() - 4096;
      assertThat(debugged.memory().load32(data + 0x58)).isEqualTo(77);
      assertThat(other.memory().load32(data + 0x58)).isEqualTo(77);
    }
  }
}
