package dev.vestibule.handed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vestibule.elf.ElfFile;
import dev.vestibule.elf.ElfSymbol;
import dev.vestibule.elf.SectionHeader;
import dev.vestibule.profile.KernelProfile;
import dev.vestibule.profile.KernelProfile.Reach;
import dev.vestibule.profile.ProfileException;
import dev.vestibule.profile.Profiles;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Does an image from a file become what its kernel would make of it? */
class RealImageTest {
  static List<String> profiles() throws ProfileException {
    List<String> withImage = new ArrayList<>();
    for (String name : Profiles.names()) {
      if (Profiles.load(name).vdso().present()) {
        withImage.add(name);
      }
    }
    return withImage;
  }

  /**
   * Every era's own image, its data distance taken away, comes out as it was; the place of the
   * trampolines and of every function is found again.
   */
  @ParameterizedTest
  @MethodSource("profiles")
  void imagesOfEveryEra(String name) throws Exception {
    KernelProfile profile = Profiles.load(name);
    VdsoImage own = Objects.requireNonNull(VdsoImages.of(profile));
    byte[] linked = own.file();
    if (profile.data().reach() == Reach.OFFSET_WORD) {
      ElfFile file = ElfFile.read(linked, name);
      ElfSymbol word =
          Objects.requireNonNull(file.dynamicSymbols().find("__kernel_datapage_offset", null));
      ByteBuffer.wrap(linked).putInt((int) file.offsetOf(word.value()), 0);
    }
    VdsoImage real = VdsoImages.of(profile, linked, "real.so");
    assertThat(real.bytes()).isEqualTo(own.bytes());
    assertThat(real.trampolines()).isEqualTo(own.trampolines());
    assertThat(real.functions()).containsAllEntriesOf(own.functions());
  }

  @Test
  void whatDoesNotFitIsNamed() throws Exception {
    KernelProfile here = Profiles.load("ppc64le-6.1");
    byte[] newer = Objects.requireNonNull(VdsoImages.of(Profiles.load("ppc64le-6.12"))).file();
    assertThatThrownBy(() -> VdsoImages.of(here, newer, "a.so"))
        .isInstanceOf(ImageMismatch.class)
        .hasMessage("a.so: an image of Linux 6.12, not of ppc64le-6.1's kernel");
    byte[] other = Objects.requireNonNull(VdsoImages.of(Profiles.load("ppc64-6.1"))).file();
    assertThatThrownBy(() -> VdsoImages.of(here, other, "a.so"))
        .hasMessage("a.so: an image for ppc64, the program is for ppc64le");
    assertThatThrownBy(() -> VdsoImages.of(here, new byte[64], "a.so"))
        .hasMessage("a.so: e_ident at 0x0: not an ELF file");
  }

  /** Cell's workaround goes on other processors, a feature nobody knows is refused. */
  @Test
  void fixups() throws Exception {
    KernelProfile here = Profiles.load("ppc64le-6.1");
    byte[] linked = Objects.requireNonNull(VdsoImages.of(here)).file();
    ElfFile file = ElfFile.read(linked, "own");
    SectionHeader list = Objects.requireNonNull(file.section("__ftr_fixup"));
    ByteBuffer entry =
        ByteBuffer.wrap(linked).order(file.header().order()).slice((int) list.offset(), 48);
    entry.order(file.header().order());
    long place = entry.getLong(16);
    // "Stays if the processor is a Cell": the branch becomes a nop.
    entry.putLong(0, 1L << 50).putLong(8, 1L << 50);
    VdsoImage image = VdsoImages.of(here, linked, "a.so");
    int patched =
        ByteBuffer.wrap(image.bytes())
            .order(file.header().order())
            .getInt((int) (list.offset() + place));
    assertThat(patched).isEqualTo(0x60000000);
    entry.putLong(0, 1L << 40);
    assertThatThrownBy(() -> VdsoImages.of(here, linked, "a.so"))
        .hasMessageContaining("__ftr_fixup")
        .hasMessageContaining("processor feature 0x10000000000 is not known");
  }

  /** Damage is refused, or harmless: what is mapped is the guest's code, whatever it is. */
  @Test
  void damageIsAMismatch() throws Exception {
    long seed = Long.getLong("seed", System.nanoTime());
    Random random = new Random(seed);
    for (String name : new String[] {"ppc64le-6.1", "ppc-3.10", "ppc64-2.6.12"}) {
      KernelProfile profile = Profiles.load(name);
      byte[] linked = Objects.requireNonNull(VdsoImages.of(profile)).file();
      for (int round = 0; round < 1500; round++) {
        byte[] damaged = linked.clone();
        for (int flips = random.nextInt(1, 5); flips > 0; flips--) {
          damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
        }
        try {
          VdsoImage image = VdsoImages.of(profile, damaged, "a.so");
          for (int at : image.functions().values()) {
            assertThat(at).isBetween(0, image.fileSize() - 4);
          }
        } catch (ImageMismatch e) {
          assertThat(e.getMessage()).startsWith("a.so: ").doesNotContain("\n");
        } catch (RuntimeException | Error e) {
          throw new AssertionError(name + ", seed " + seed + ", round " + round, e);
        }
      }
    }
  }
}
