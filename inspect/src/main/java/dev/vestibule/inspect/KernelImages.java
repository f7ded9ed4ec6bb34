package dev.vestibule.inspect;

import dev.vestibule.elf.ElfException;
import dev.vestibule.elf.ElfFile;
import dev.vestibule.inspect.carve.KernelSearch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Which vDSO images does a kernel carry? Looks into uncompressed kernels (vmlinux, Image),
 * compressed ones (vmlinuz, zImage, Image.gz; gzip, xz, zstd, lz4, bzip2, lzma) and Debian packages
 * of either. What it finds is found by content, so that the kernel's age and architecture do not
 * matter.
 */
public final class KernelImages {
  private KernelImages() {}

  /**
   * The images in a file, in the order they lie in it, each content once; empty if there are none.
   *
   * @throws InspectException if the file cannot be read, or if nothing was found and something on
   *     the way was damaged
   */
  public static List<KernelImage> in(Path path) throws InspectException {
    String name = path.toString();
    if (!Files.isRegularFile(path)) {
      throw new InspectException(name, Files.exists(path) ? "not a file" : "no such file");
    }
    List<KernelSearch.Found> found;
    try {
      found = KernelSearch.in(path);
    } catch (IOException e) {
      throw new InspectException(name, KernelSearch.problem(e));
    }
    List<KernelImage> images = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    for (KernelSearch.Found each : found) {
      if (seen.add(KernelImage.sha256(each.bytes()))) {
        images.add(image(name, each));
      }
    }
    return List.copyOf(images);
  }

  private static KernelImage image(String name, KernelSearch.Found found) throws InspectException {
    try {
      return new KernelImage(
          found.bytes(),
          ElfFile.read(found.bytes(), name),
          found.soname(),
          found.where(),
          found.offset(),
          found.release());
    } catch (ElfException e) {
      throw new InspectException(e);
    }
  }
}
