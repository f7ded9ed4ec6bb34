package dev.vestibule.cli.vdso;

import dev.vestibule.cli.CommandFailure;
import dev.vestibule.elf.ElfException;
import dev.vestibule.inspect.InspectException;
import dev.vestibule.inspect.KernelImage;
import dev.vestibule.inspect.KernelImages;
import dev.vestibule.inspect.Specimen;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What does {@code vestibule vdso extract} do? */
@Command(
    name = "extract",
    description = "Write the vDSO images of a kernel to files.",
    footer = {
      "",
      "TARGET is a kernel (vmlinux, vmlinuz, Image, zImage), a Debian package of one, or whatever"
          + " else `vestibule vdso` takes."
    })
final class ExtractCommand implements Callable<Integer> {
  @Parameters(paramLabel = "TARGET")
  private String target = "";

  @Option(
      names = {"-o", "--output"},
      paramLabel = "DIR",
      description =
          "the directory to write into, made if it is missing; the current one if not" + " given")
  private Path directory = Path.of("");

  @Override
  public Integer call() throws CommandFailure {
    List<KernelImage> images = images();
    Set<String> names = new HashSet<>();
    System.out.printf(
        "%-24s %-8s %-9s %6s  %-64s  %s%n", "kernel", "arch", "class", "size", "sha256", "file");
    for (KernelImage image : images) {
      Path file = directory.resolve(unique(image.fileName(), names));
      write(image.bytes(), file);
      System.out.printf(
          "%-24s %-8s %-9s %6d  %s  %s%n",
          ElfException.oneLine(image.kernel()),
          image.architecture(),
          (image.is64() ? "64 bits" : "32 bits") + (image.isBigEndian() ? " BE" : ""),
          image.bytes().length,
          image.sha256(),
          file);
      if (!image.where().isEmpty()) {
        System.err.printf(
            "vestibule: %s: from %s, offset 0x%x%n",
            file, ElfException.oneLine(image.where()), image.offset());
      }
    }
    return 0;
  }

  private List<KernelImage> images() throws CommandFailure {
    if (target.matches("(profile|pid):.*")) {
      return carved(VdsoTarget.of(target));
    }
    List<KernelImage> images;
    try {
      images = KernelImages.in(Path.of(target));
    } catch (InspectException | InvalidPathException e) {
      throw CommandFailure.ours(e.getMessage());
    }
    return images.isEmpty() ? carved(VdsoTarget.of(target)) : images;
  }

  private static List<KernelImage> carved(List<Specimen> specimens) {
    return specimens.stream()
        .map(s -> new KernelImage(s.bytes(), s.file(), "", "", 0, s.kernel()))
        .toList();
  }

  /** The name, with a number if an image before it has the same (older i386 kernels have three). */
  private static String unique(String name, Set<String> taken) {
    String candidate = name;
    for (int n = 2; !taken.add(candidate); n++) {
      candidate = name.replaceFirst("\\.so$", "-" + n + ".so");
    }
    return candidate;
  }

  /** Writes the whole file or nothing, and never over another file's content. */
  private void write(byte[] bytes, Path file) throws CommandFailure {
    try {
      if (!directory.toString().isEmpty()) {
        Files.createDirectories(directory);
      }
      if (Files.exists(file)) {
        if (!Files.isRegularFile(file) || !Arrays.equals(Files.readAllBytes(file), bytes)) {
          throw CommandFailure.ours(file + ": exists already and is something else");
        }
        return;
      }
      Path fresh = Files.createTempFile(directory.toAbsolutePath(), ".vdso", ".new");
      try {
        Files.write(fresh, bytes);
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(fresh);
      }
    } catch (FileAlreadyExistsException e) {
      throw CommandFailure.ours(directory + ": not a directory");
    } catch (IOException e) {
      throw CommandFailure.ours(file + ": cannot be written: " + e.getMessage());
    }
  }
}
