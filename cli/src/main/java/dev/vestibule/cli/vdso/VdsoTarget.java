package dev.vestibule.cli.vdso;

import dev.vestibule.cli.CommandFailure;
import dev.vestibule.elf.ElfException;
import dev.vestibule.elf.ElfFile;
import dev.vestibule.handed.VdsoImage;
import dev.vestibule.handed.VdsoImages;
import dev.vestibule.inspect.KernelImage;
import dev.vestibule.profile.ProfileException;
import dev.vestibule.profile.Profiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/** Which image does a word on the command line mean: a file, or {@code profile:NAME}? */
@SuppressWarnings("ArrayRecordComponent")
record VdsoTarget(String name, byte[] bytes) {
  private static final long LARGEST = 16 << 20;

  static VdsoTarget of(String word) throws CommandFailure {
    if (word.startsWith("profile:")) {
      return ofProfile(word);
    }
    if (word.matches("pid:[0-9]+")) {
      throw CommandFailure.ours(word + ": processes of the host cannot be looked into yet");
    }
    try {
      Path path = Path.of(word);
      if (!Files.isRegularFile(path)) {
        throw CommandFailure.ours(word + ": no such file");
      }
      if (Files.size(path) > LARGEST) {
        throw CommandFailure.ours(word + ": larger than 16 MiB, which no vDSO is");
      }
      return new VdsoTarget(word, Files.readAllBytes(path));
    } catch (IOException | InvalidPathException e) {
      throw CommandFailure.ours(word + ": cannot be read");
    }
  }

  private static VdsoTarget ofProfile(String word) throws CommandFailure {
    try {
      VdsoImage image = VdsoImages.of(Profiles.load(word.substring("profile:".length())));
      if (image == null) {
        throw CommandFailure.ours(word + ": this kernel has no vDSO");
      }
      return new VdsoTarget(word, image.file());
    } catch (ProfileException e) {
      throw CommandFailure.ours(e.getMessage());
    }
  }

  KernelImage image() throws CommandFailure {
    return new KernelImage(bytes, file(), "", "", 0, name.replaceFirst("^profile:", ""));
  }

  ElfFile file() throws CommandFailure {
    try {
      return ElfFile.read(bytes, name);
    } catch (ElfException e) {
      throw CommandFailure.ours(e.getMessage());
    }
  }
}
