package dev.vestibule.handed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vestibule.elf.ElfFile;
import dev.vestibule.elf.ElfSymbol;
import dev.vestibule.profile.KernelProfile;
import dev.vestibule.profile.ProfileException;
import dev.vestibule.profile.Profiles;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What users' profiles make of images: what kernels do to them at boot, and what cannot be made.
 */
class UserProfilesTest {
  private static final int NOP = 0x60000000;
  private static final int BCTRL = 0x4e800421;

  @TempDir Path dir;

  private KernelProfile profile(String parent, String text) throws Exception {
    Path file = dir.resolve("mine.toml");
    Files.writeString(file, "inherits = \"" + parent + "\"\n" + text);
    KernelProfile profile = Profiles.load(file.toString());
    VdsoImages.check(profile);
    return profile;
  }

  private static VdsoImage image(KernelProfile profile) {
    VdsoImage image = VdsoImages.of(profile);
    if (image == null) {
      throw new AssertionError("no image");
    }
    return image;
  }

  private static List<String> names(VdsoImage image) throws Exception {
    return ElfFile.read(image.file(), "image").dynamicSymbols().symbols().stream()
        .map(ElfSymbol::name)
        .toList();
  }

  /** A PowerPC 601 has no time base: its kernel took the names away and left the entries. */
  @Test
  void symbolsCanLoseTheirNames() throws Exception {
    String text = "[vdso.rewrite]\n__kernel_gettimeofday = \"\"\n";
    VdsoImage image = image(profile("ppc-2.6.18", text));
    VdsoImage before = image(Profiles.load("ppc-2.6.18"));
    assertThat(names(before)).contains("__kernel_gettimeofday");
    assertThat(names(image)).hasSameSizeAs(names(before)).doesNotContain("__kernel_gettimeofday");
    assertThat(image.functions()).doesNotContainKey("__kernel_gettimeofday");
    assertThat(image.functions()).containsKey("__kernel_clock_gettime");
  }

  /** Both directions of the choice that was made in the symbol table up to 5.10. */
  @Test
  void theCacheFunctionIsChosenInTheSymbolTable() throws Exception {
    String name = "__kernel_sync_dicache";
    VdsoImage coherent = image(Profiles.load("ppc64-5.10"));
    assertThat(coherent.functions().get(name)).isEqualTo(coherent.functions().get(name + "_p5"));
    VdsoImage other = image(profile("ppc64-5.10", "[vdso.rewrite]\n"));
    assertThat(other.functions().get(name)).isNotEqualTo(other.functions().get(name + "_p5"));
  }

  /** From 5.11 on the kernel patches code: one branch, at the place that the section tells. */
  @Test
  void theCacheFunctionIsChosenByAFixup() throws Exception {
    KernelProfile without = profile("ppc64-5.11", "[vdso]\nfeatures = []\n");
    VdsoImage patched = image(without);
    VdsoImage kept = image(Profiles.load("ppc64-5.11"));
    int at = kept.functions().get("__kernel_sync_dicache");
    assertThat(ByteBuffer.wrap(patched.bytes()).getInt(at)).isEqualTo(NOP);
    assertThat(ByteBuffer.wrap(kept.bytes()).getInt(at) >>> 26).isEqualTo(18);
    var section =
        ElfFile.read(kept.file(), "image").sections().stream()
            .filter(s -> s.name().equals("__ftr_fixup"))
            .findFirst()
            .orElseThrow();
    ByteBuffer entry = ByteBuffer.wrap(kept.bytes());
    assertThat(section.size()).isEqualTo(48);
    assertThat(entry.getLong((int) section.offset())).isEqualTo(1);
    long begin = section.addr() + entry.getLong((int) section.offset() + 16);
    long end = section.addr() + entry.getLong((int) section.offset() + 24);
    assertThat(begin).isEqualTo(at);
    assertThat(end).isEqualTo(at + 4);
  }

  /** A kernel of today with the trampoline of former ones, and the other way round. */
  @Test
  void handlersAreEnteredAsTheProfileSays() throws Exception {
    VdsoImage nop = image(profile("ppc64-6.1", "[vdso]\ntrampoline-start = \"nop\"\n"));
    int rt = nop.trampolines().rt();
    assertThat(nop.trampolines().rtStart()).isNegative();
    assertThat(ByteBuffer.wrap(nop.bytes()).getInt(rt - 4)).isEqualTo(NOP);
    VdsoImage branch = image(profile("ppc64-4.19", "[vdso]\ntrampoline-start = \"branch\"\n"));
    rt = branch.trampolines().rt();
    assertThat(branch.trampolines().rtStart()).isEqualTo(rt - 4);
    assertThat(ByteBuffer.wrap(branch.bytes()).getInt(rt - 4)).isEqualTo(BCTRL);
  }

  @Test
  void whatCannotBeMadeIsSaidInOneLine() {
    refused("[data.fields]\nseq = \"none\"\n", "data.fields: code of this release cannot be");
    refused("[uname]\nrelease = \"2.6.18\"\n", "data.fields: code of this release cannot be");
    refused("[vdso]\nsections = [\".text\"]\n", "vdso: the section order lacks");
    refused("[vdso]\nlink-base = 0x123\n", "vdso: ");
    refused(
        "[vdso.rewrite]\n__kernel_time = \"__kernel_x\"\n",
        "vdso.rewrite: there is no symbol __kernel_x");
  }

  private void refused(String text, String problem) {
    assertThatThrownBy(() -> profile("ppc64le-6.1", text))
        .isInstanceOf(ProfileException.class)
        .hasMessageStartingWith("kernel profile mine: " + problem)
        .hasMessageNotContaining("\n");
  }
}
