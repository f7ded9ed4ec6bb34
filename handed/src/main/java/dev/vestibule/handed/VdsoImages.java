package dev.vestibule.handed;

import dev.vestibule.cpu.power.AssemblyException;
import dev.vestibule.elf.Elf;
import dev.vestibule.elf.ElfException;
import dev.vestibule.elf.ElfFile;
import dev.vestibule.elf.ElfNote;
import dev.vestibule.elf.SharedObjectVerifier;
import dev.vestibule.handed.power.PowerImage;
import dev.vestibule.handed.power.RealImage;
import dev.vestibule.profile.Architecture;
import dev.vestibule.profile.BuildData;
import dev.vestibule.profile.KernelProfile;
import dev.vestibule.profile.ProfileException;
import dev.vestibule.profile.Profiles;
import dev.vestibule.profile.Version;
import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which vDSO image does a kernel have? Those of built-in profiles are made and verified by the
 * build, since the assembler's own start takes longer than everything it assembles.
 */
public final class VdsoImages {
  private VdsoImages() {}

  /** A profile's own image, or null if that kernel has none. */
  public static @Nullable VdsoImage of(KernelProfile profile) {
    if (!profile.vdso().present()) {
      return null;
    }
    VdsoImage built = Profiles.isBuiltIn(profile) ? load(profile.name()) : null;
    return built == null ? build(profile) : built;
  }

  /**
   * A real kernel's image, as the profile's kernel would map it.
   *
   * @param bytes the file, as the kernel's own linker left it
   * @param name the name the user knows the file by
   * @throws ImageMismatch if the image is damaged, or is not of such a kernel
   */
  public static VdsoImage of(KernelProfile profile, byte[] bytes, String name)
      throws ImageMismatch {
    try {
      ElfFile file = ElfFile.read(bytes, name);
      Architecture architecture =
          Architecture.of(file.header().machine(), file.header().is64(), file.header().order());
      if (architecture != profile.architecture()) {
        throw new ImageMismatch(
            name,
            "an image for "
                + (architecture == null ? "another machine" : architecture.id())
                + ", the program is for "
                + profile.architecture().id());
      }
      List<SharedObjectVerifier.Finding> findings = SharedObjectVerifier.verify(file);
      if (!findings.isEmpty()) {
        SharedObjectVerifier.Finding first = findings.getFirst();
        throw new ImageMismatch(
            name, "%s at 0x%x: %s".formatted(first.field(), first.offset(), first.message()));
      }
      Version of = release(file);
      Version kernel = profile.uname().linux();
      if (of != null && (of.major() != kernel.major() || of.minor() != kernel.minor())) {
        throw new ImageMismatch(
            name, "an image of Linux " + of + ", not of " + profile.name() + "'s kernel");
      }
      RealImage image = new RealImage(profile, file, bytes);
      String mismatch = image.mismatch();
      if (mismatch != null) {
        throw new ImageMismatch(name, "cannot be " + profile.name() + "'s: " + mismatch);
      }
      return image.build();
    } catch (ElfException e) {
      throw new ImageMismatch(name, "%s at 0x%x: %s".formatted(e.field(), e.offset(), e.problem()));
    }
  }

  /** The kernel an image says it is of, by its Linux note; null if it does not say. */
  public static @Nullable Version release(ElfFile file) throws ElfException {
    for (ElfNote note : file.notes()) {
      byte[] code = note.description();
      if (note.name().equals("Linux") && note.type() == Elf.NT_LINUX_VERSION && code.length == 4) {
        int number = ByteBuffer.wrap(code).order(file.header().order()).getInt();
        return new Version(number >>> 16, number >>> 8 & 0xff, number & 0xff);
      }
    }
    return null;
  }

  /**
   * Makes a user's profile say what is wrong with it before anything runs: its image is built and
   * verified. Built-in ones are verified by the build.
   *
   * @throws ProfileException if the image cannot be made of what the profile says, or breaks a rule
   */
  public static void check(KernelProfile profile) throws ProfileException {
    if (!profile.vdso().present() || Profiles.isBuiltIn(profile)) {
      return;
    }
    String file = "kernel profile " + profile.name();
    try {
      PowerImage image = new PowerImage(profile);
      String unknown = image.unknownSymbol();
      if (unknown != null) {
        throw new ProfileException(file, 0, "vdso.rewrite", "there is no symbol " + unknown);
      }
      VdsoImage built = image.build();
      for (SharedObjectVerifier.Finding finding :
          SharedObjectVerifier.verify(ElfFile.read(built.file(), profile.name()))) {
        throw new ProfileException(file, 0, "vdso", finding.field() + ": " + finding.message());
      }
    } catch (AssemblyException e) {
      String problem = String.valueOf(e.getMessage()).replaceFirst("^line [0-9]+: ", "");
      throw new ProfileException(
          file, 0, "data.fields", "code of this release cannot be assembled: " + problem);
    } catch (IllegalArgumentException | IllegalStateException | ElfException e) {
      throw new ProfileException(file, 0, "vdso", String.valueOf(e.getMessage()));
    }
  }

  /** Assembles a profile's image. */
  static VdsoImage build(KernelProfile profile) {
    return new PowerImage(profile).build();
  }

  private static @Nullable VdsoImage load(String name) {
    Class<?> home = VdsoImages.class;
    byte[] bytes = BuildData.read(home, home::getResourceAsStream, name + ".image");
    try {
      return bytes == null
          ? null
          : VdsoImage.read(new DataInputStream(new ByteArrayInputStream(bytes)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The build step that makes the images of all built-in profiles.
   *
   * @param args the directory to write into
   */
  public static void main(String[] args) throws IOException, ProfileException {
    Path directory = Files.createDirectories(Path.of(args[0]));
    for (String name : Profiles.names()) {
      KernelProfile profile = Profiles.load(name);
      if (profile.vdso().present()) {
        try (DataOutputStream out =
            new DataOutputStream(
                new BufferedOutputStream(
                    Files.newOutputStream(directory.resolve(name + ".image"))))) {
          build(profile).write(out, profile.memory().pageSize());
        }
      }
    }
  }
}
