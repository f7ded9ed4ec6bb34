package dev.vestibule.profile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ProfilesTest {
  private static final Path GOLDEN = Path.of("src/test/golden");

  @TempDir Path dir;

  static Stream<String> names() {
    return Profiles.names().stream();
  }

  /** Rewrite the golden files with {@code -Dgolden.write=true} and read the difference. */
  @ParameterizedTest
  @MethodSource("names")
  void theEffectiveProfileIsAsReviewed(String name) throws Exception {
    Path golden = GOLDEN.resolve(name + ".toml");
    String effective = Profiles.effective(name);
    if (Boolean.getBoolean("golden.write")) {
      Files.createDirectories(GOLDEN);
      Files.writeString(golden, effective);
    }
    assertThat(effective).isEqualTo(Files.readString(golden));
  }

  @ParameterizedTest
  @MethodSource("names")
  void theEffectiveProfileIsAProfileThatLoadsAsTheSame(String name) throws Exception {
    Path file = dir.resolve(name + ".toml");
    Files.writeString(file, Profiles.effective(name));
    assertThat(Profiles.load(file.toString())).isEqualTo(Profiles.load(name));
    assertThat(Profiles.effective(file.toString())).isEqualTo(Profiles.effective(name));
  }

  @Test
  void aKernelNameTakesTheArchitectureFromTheProgram() throws Exception {
    assertThat(Profiles.load("6.1", Architecture.PPC64LE).name()).isEqualTo("ppc64le-6.1");
    assertThat(Profiles.load("5.11", Architecture.PPC64LE).name()).isEqualTo("ppc64le-5.11");
    assertThat(Profiles.load("5.11", Architecture.PPC).name()).isEqualTo("ppc-5.11");
    assertThat(Profiles.load("2.6.12", Architecture.PPC).name()).isEqualTo("ppc-2.6.12");
    assertThat(Profiles.load("2.6.12-compat", Architecture.PPC).compat()).isTrue();
    assertThatThrownBy(() -> Profiles.load("2.6.12", Architecture.PPC64LE))
        .hasMessage("kernel 2.6.12 has no profile for ppc64le programs");
    assertThatThrownBy(() -> Profiles.load("ppc-6.1", Architecture.PPC64))
        .hasMessage("kernel profile ppc-6.1 is for ppc programs, not ppc64");
    assertThatThrownBy(() -> Profiles.load("7.0", Architecture.PPC64))
        .hasMessageStartingWith("no kernel profile 7.0; there are ppc-2.6.12, ");
  }

  @Test
  void aUsersFileStatesOnlyDifferences() throws Exception {
    Path file = write("mine.toml", "inherits = \"ppc64le-6.1\"\n[placement]\nhint = 0x100000\n");
    KernelProfile mine = Profiles.load(file.toString(), Architecture.PPC64LE);
    assertThat(mine.placement().hint()).isEqualTo(0x100000);
    assertThat(mine.vdso()).isEqualTo(Profiles.load("ppc64le-6.1").vdso());
    assertThat(mine.name()).isEqualTo("mine");

    Path second = write("second.toml", "inherits = \"mine.toml\"\n[vdso]\nsalt = \"x\"\n");
    assertThat(Profiles.load(second.toString()).placement().hint()).isEqualTo(0x100000);
  }

  @Test
  void mistakesNameFileLineAndField() throws Exception {
    complains("[placement]\nhint = \"x\"\n", "placement.hint at line 3: must be a whole number");
    complains("[vdso]\nfoo = 1\n", "vdso.foo at line 3: unknown field");
    complains(
        "[vdso]\nhash = \"md5\"\n", "vdso.hash at line 3: must be one of sysv, gnu, both, not md5");
    complains(
        "[data.fields]\nseq = \"u32 @ 0xfff\"\n",
        "data.fields.seq at line 3: does not lie within the page, aligned to its size");
    complains("[memory]\npage-size = 5000\n", "memory.page-size at line 3: must be a power of two");
    complains("[auxv]\norder = [\"AT_X\"]\n", "auxv.order at line 3: unknown entry AT_X");
    complains("[auxv\n", "line 2: ");
    complains("a = 1979-05-27\n", "a at line 2: neither a string, a whole number");
    complains(
        "[data.fields]\nbasetime = \"u64 @ 0xff8\"\n",
        "data.fields.basetime at line 3: reaches beyond the page");
    complains(
        "[data.fields]\nhrtimer_res = \"u32 @ 0xf8\"\n",
        "data.fields.hrtimer_res at line 3: overlaps ");
    complains(
        "[data.fields]\nseq = \"u32 @ 0x0 in attic\"\n",
        "data.fields.seq at line 3: data.pages has no page attic");
    complains(
        "[data.fields]\nseq = \"u32 @\"\n",
        "data.fields.seq at line 3: must look like \"u64 @ 0x30\"");
    complains(
        "[[areas]]\nname = \"\"\npermissions = \"r-xp\"\nholds = [\"image\"]\nflags = []\n",
        "areas at line 2: must hold in this order: data, timens, image");
    complains(
        "[vdso]\nsegments = [\"note\", \"note\"]\n", "vdso.segments at line 3: names note twice");
    complains("[vdso]\nsoname = \"\"\n", "vdso.soname at line 3: must have 1 to 255");
    complains(
        "[auxv.values]\nAT_DCACHEBSIZE = 100\n",
        "auxv.values.AT_DCACHEBSIZE at line 3: must be a power of two");
    complains("[auxv]\nwithout = [\"AT_Y\"]\n", "auxv.without at line 3: unknown entry AT_Y");
    complains(
        "[memory]\ntask-size = 0x1000000\n",
        "memory.task-size at line 3: does not go with memory.stack-top");
    Path list = write("list.toml", "inherits = [\"ppc64-6.1\", 7]\n");
    assertThatThrownBy(() -> Profiles.load(list.toString()))
        .hasMessage(list + ": inherits at line 1: must be a string or an array of strings");
    Path self = write("self.toml", "inherits = \"self.toml\"\n");
    assertThatThrownBy(() -> Profiles.load(self.toString()))
        .hasMessage(self + ": inherits at line 1: inherits from itself");
    Path orphan = write("orphan.toml", "inherits = \"none\"\n");
    assertThatThrownBy(() -> Profiles.load(orphan.toString()))
        .hasMessageStartingWith(orphan + ": inherits at line 1: no kernel profile none;");
    assertThatThrownBy(() -> Profiles.load(dir.toString()))
        .hasMessage(dir + ": not a regular file");
    assertThatThrownBy(() -> Profiles.load("/nonexistent.toml"))
        .hasMessage("/nonexistent.toml: no such file");
    Files.write(dir.resolve("latin.toml"), new byte[] {'a', (byte) 0xe9});
    assertThatThrownBy(() -> Profiles.load(dir.resolve("latin.toml").toString()))
        .hasMessageEndingWith(": not UTF-8 text");
  }

  /** Files that inherit from each other several times would take for ever. */
  @Test
  void noProfileIsMadeOfMoreFilesThanAnyoneNeeds() throws Exception {
    for (int i = 0; i < 40; i++) {
      write(
          "deep" + i + ".toml",
          "inherits = [\"deep%d.toml\", \"deep%d.toml\"]\n".formatted(i + 1, i + 1));
    }
    write("deep40.toml", "inherits = \"ppc64-6.1\"\n");
    Path first = dir.resolve("deep0.toml");
    assertThatThrownBy(() -> Profiles.load(first.toString()))
        .hasMessageEndingWith(": inherits too often");
  }

  @Test
  void laterParentsLieOnTopOfEarlierOnes() throws Exception {
    write("a.toml", "[placement]\nhint = 0x200000\n[vdso]\nsalt = \"a\"\n");
    write("b.toml", "part = true\n[vdso]\nsalt = \"b\"\n");
    Path file = write("c.toml", "inherits = [\"ppc64-6.1\", \"a.toml\", \"b.toml\"]\n");
    KernelProfile profile = Profiles.load(file.toString());
    assertThat(profile.vdso().salt()).isEqualTo("b");
    assertThat(profile.placement().hint()).isEqualTo(0x200000);
    assertThat(Profiles.names()).noneMatch(name -> name.startsWith("part-"));
    assertThat(Profiles.names()).containsSubsequence("ppc64-4.4", "ppc64-4.19", "ppc64-5.10");
  }

  private void complains(String text, String message) throws IOException {
    Path file = write("bad.toml", "inherits = \"ppc64-6.1\"\n" + text);
    assertThatThrownBy(() -> Profiles.load(file.toString()))
        .isInstanceOf(ProfileException.class)
        .hasMessageStartingWith(file + ": " + message)
        .hasMessageNotContaining("\n");
  }

  private Path write(String name, String text) throws IOException {
    return Files.writeString(dir.resolve(name), text);
  }

  @Test
  void theSearchForRoomBeginsWhereThatKernelsDid() throws Exception {
    long eightMiB = 8 << 20;
    assertThat(Profiles.load("ppc64-2.6.12").memory().searchFrom(eightMiB, 5))
        .isEqualTo(0x8000000000L);
    assertThat(Profiles.load("ppc-2.6.12-compat").memory().searchFrom(eightMiB, 5))
        .isEqualTo(0xfffff000L - 0x8000000);
    // 1 GiB of stack randomisation, 256 guard pages, 8 MiB of stack.
    assertThat(Profiles.load("ppc64le-6.1").memory().searchFrom(eightMiB, 3))
        .isEqualTo(0x400000000000L - 0x40000000 - 0x100000 - eightMiB - 0x3000);
    assertThat(Profiles.load("ppc64le-6.1").memory().within(1L << 40).taskSize())
        .isEqualTo(1L << 40);
  }

  @Test
  void theNotesVersionIsTheReleases() throws Exception {
    assertThat(Profiles.load("ppc64le-6.1").uname().linux().code()).isEqualTo(0x000601b0);
    assertThat(Profiles.load("ppc64-2.6.12").uname().linux().code()).isEqualTo(0x0002060c);
    assertThat(new Version(4, 9, 256).code()).isEqualTo(0x000409ff);
  }
}
