package dev.vestibule.checkpoint;

import dev.vestibule.checkpoint.image.ImageReader.Entry;
import dev.vestibule.checkpoint.schema.CoreEntry;
import dev.vestibule.checkpoint.schema.HandedEntry;
import dev.vestibule.handed.VdsoImages;
import dev.vestibule.inspect.VdsoSymbols;
import dev.vestibule.kernel.memory.HandedSet;
import dev.vestibule.profile.Profiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;

/** Where do images say that threads stood, and where their kernels' pages lay? */
final class FrozenPlaces {
  private FrozenPlaces() {}

  /** How many threads stood in a function of a kernel's image, behind its first instruction. */
  static int insideFunctions(Path images, String kernel) throws Exception {
    byte[] image = Objects.requireNonNull(VdsoImages.of(Profiles.load(kernel))).file();
    Set<Long> entries = Set.copyOf(VdsoSymbols.read(image, kernel).functions().values());
    long first = entries.stream().mapToLong(e -> e).min().orElseThrow();
    FrozenTree tree = FrozenTree.read(images);
    int inside = 0;
    for (FrozenProcess process : tree.processes().values()) {
      for (HandedSet set : handed(tree, process.place().getPid())) {
        if (!set.kernel().equals(kernel) || set.vdso() == 0) {
          continue;
        }
        for (Entry<CoreEntry> thread : process.threads()) {
          long at = thread.message().getTiPpc64().getGpregs().getNip() - set.vdso();
          inside += at > first && at < image.length && !entries.contains(at) ? 1 : 0;
        }
      }
    }
    return inside;
  }

  /** A process's sets of handed pages, as its images have them. */
  static List<HandedSet> handed(FrozenTree tree, int pid) {
    FrozenProcess process = Objects.requireNonNull(tree.processes().get(pid));
    List<HandedSet> sets = new ArrayList<>();
    for (HandedEntry e : process.mm().message().getVestibule().getHandedList()) {
      sets.add(new HandedSet(e.getKernel(), e.getVdso(), e.getStart(), e.getEnd(), e.getCurrent()));
    }
    return sets;
  }

  static void delete(Path images) throws IOException {
    try (Stream<Path> entries = Files.list(images)) {
      for (Path entry : entries.toList()) {
        Files.delete(entry);
      }
    }
  }
}
