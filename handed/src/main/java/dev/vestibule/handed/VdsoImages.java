package dev.vestibule.handed;

import dev.vestibule.handed.power.PowerImage;
import dev.vestibule.profile.KernelProfile;
import dev.vestibule.profile.ProfileException;
import dev.vestibule.profile.Profiles;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
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

  /** Assembles a profile's image. */
  static VdsoImage build(KernelProfile profile) {
    return new PowerImage(profile).build();
  }

  private static @Nullable VdsoImage load(String name) {
    try (InputStream in = VdsoImages.class.getResourceAsStream(name + ".image")) {
      return in == null
          ? null
          : VdsoImage.read(new DataInputStream(new BufferedInputStream(in, 1 << 14)));
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
