package dev.vestibule.cli;

import dev.vestibule.elf.ElfException;
import dev.vestibule.elf.ElfFile;
import dev.vestibule.handed.ImageMismatch;
import dev.vestibule.handed.VdsoImage;
import dev.vestibule.handed.VdsoImages;
import dev.vestibule.profile.Architecture;
import dev.vestibule.profile.KernelProfile;
import dev.vestibule.profile.ProfileException;
import dev.vestibule.profile.Profiles;
import dev.vestibule.profile.Version;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which kernel hands out the image that {@code --vdso} names?
 *
 * @param profile under the name that the image's note gives the kernel
 */
record RealVdso(KernelProfile profile, VdsoImage image) {
  /** Images are smaller. */
  private static final int LARGEST = 1 << 20;

  /**
   * An image and its kernel.
   *
   * @param kernel what {@code --kernel} says, null to choose by the image's own note
   */
  static RealVdso of(Path path, @Nullable String kernel, Architecture architecture)
      throws CommandFailure {
    byte[] bytes = read(path);
    String name = path.toString();
    try {
      Version release = VdsoImages.release(ElfFile.read(bytes, name));
      ImageMismatch mismatch = null;
      for (KernelProfile profile : candidates(name, kernel, release, architecture)) {
        try {
          VdsoImage image = VdsoImages.of(profile, bytes, name);
          return new RealVdso(
              release == null ? profile : profile.withRelease(uname(release)), image);
        } catch (ImageMismatch e) {
          mismatch = mismatch == null ? e : mismatch;
        }
      }
      throw CommandFailure.ours(
          mismatch == null ? name + ": no kernel profile is for it" : mismatch.getMessage());
    } catch (ElfException e) {
      throw CommandFailure.ours(e.getMessage());
    } catch (ProfileException e) {
      throw CommandFailure.ours(e.getMessage());
    }
  }

  /** The three numbers that uname(2) gives. */
  private static String uname(Version release) {
    return release.major() + "." + release.minor() + "." + release.patch();
  }

  private static byte[] read(Path path) throws CommandFailure {
    try (InputStream in = Files.newInputStream(path)) {
      byte[] bytes = in.readNBytes(LARGEST + 1);
      if (bytes.length > LARGEST) {
        throw CommandFailure.ours(
            path
                + ": larger than 1 MiB, which no image is (vestibule vdso extract finds those in"
                + " kernels)");
      }
      return bytes;
    } catch (IOException e) {
      throw CommandFailure.ours(
          path + (Files.exists(path) ? ": cannot be read" : ": no such file"));
    }
  }

  /** The profile asked for, or every built-in one of the image's release, plainest first. */
  private static List<KernelProfile> candidates(
      String name, @Nullable String kernel, @Nullable Version release, Architecture architecture)
      throws ProfileException, CommandFailure {
    if (kernel != null) {
      return List.of(Profiles.load(kernel, architecture));
    }
    if (release == null) {
      throw CommandFailure.ours(
          name + ": no note says which Linux it is of; choose one by --kernel");
    }
    List<KernelProfile> candidates = new ArrayList<>();
    for (String known : Profiles.names()) {
      if (known.startsWith(architecture.id() + "-" + release.major() + "." + release.minor())) {
        KernelProfile profile = Profiles.load(known);
        Version linux = profile.uname().linux();
        if (linux.major() == release.major() && linux.minor() == release.minor()) {
          candidates.add(profile);
        }
      }
    }
    if (candidates.isEmpty()) {
      throw CommandFailure.ours(
          name
              + ": an image of Linux "
              + release
              + ", of which there is no profile for "
              + architecture.id()
              + "; choose one by --kernel");
    }
    return candidates;
  }
}
