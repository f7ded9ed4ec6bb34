package dev.vestibule.checkpoint;

import dev.vestibule.checkpoint.image.ImageKind;
import dev.vestibule.checkpoint.image.ImageReader;
import dev.vestibule.checkpoint.image.ImageReader.Entry;
import dev.vestibule.checkpoint.schema.InventoryEntry;
import dev.vestibule.checkpoint.schema.VestibuleMachine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** In which directories do pages of a dump lie: its own, and those of the dumps before it? */
final class DumpChain {
  /** The name under which a directory leads to the one before it: CRIU's. */
  static final String PARENT = "parent";

  private static final int MOST = 1000;

  private DumpChain() {}

  /** A dump's name, to compare with that which a later one has noted. */
  static String name(Path directory) throws ImageException {
    return inventory(directory).message().getVestibule().getDump();
  }

  /**
   * The directory itself and those that it leaves pages to, the nearest first.
   *
   * @throws ImageException if one is missing, or not what it was
   */
  static List<Path> of(Path directory) throws ImageException {
    List<Path> chain = new ArrayList<>(List.of(directory));
    Set<Path> seen = new HashSet<>();
    Entry<InventoryEntry> inventory = inventory(directory);
    VestibuleMachine machine = inventory.message().getVestibule();
    VestibuleMachine now = machine;
    Path at = directory;
    while (!now.getParent().isEmpty()) {
      if (!seen.add(real(at))) {
        throw broken(directory, at, inventory, "leads back to where it began");
      }
      if (chain.size() > MOST) {
        throw broken(directory, at, inventory, "more than " + MOST + " of them");
      }
      Path next = at.resolve(PARENT);
      if (!Files.isDirectory(next)) {
        throw broken(directory, at, inventory, "there is none: no directory " + next);
      }
      Entry<InventoryEntry> parents = inventory(next);
      VestibuleMachine before = parents.message().getVestibule();
      if (!before.getDump().equals(now.getParent())
          || before.getVersion() != machine.getVersion()
          || before.getPageSize() != machine.getPageSize()
          || !before.getMachine().equals(machine.getMachine())) {
        throw broken(directory, at, inventory, next + " is not the dump that was there");
      }
      chain.add(next);
      at = next;
      inventory = parents;
      now = before;
    }
    return chain;
  }

  private static ImageException broken(
      Path first, Path at, Entry<InventoryEntry> inventory, String problem) {
    String file = first.relativize(at).resolve(ImageKind.INVENTORY.file(0)).toString();
    return new ImageException(file, "vestibule.parent", inventory.offset(), problem);
  }

  private static Entry<InventoryEntry> inventory(Path directory) throws ImageException {
    return ImageReader.open(directory, ImageKind.INVENTORY, 0).only(InventoryEntry.parser());
  }

  private static Path real(Path directory) throws ImageException {
    try {
      return directory.toRealPath();
    } catch (IOException e) {
      throw new ImageException(directory.toString(), "directory", 0, "cannot be entered");
    }
  }
}
