package dev.vestibule.checkpoint.show;

import dev.vestibule.checkpoint.ImageException;
import dev.vestibule.checkpoint.image.ImageKind;
import dev.vestibule.checkpoint.image.ImageReader;
import dev.vestibule.checkpoint.image.ImageReader.Entry;
import dev.vestibule.checkpoint.schema.FileEntry;
import dev.vestibule.checkpoint.schema.InventoryEntry;
import dev.vestibule.checkpoint.schema.PstreeEntry;
import dev.vestibule.checkpoint.schema.VestibuleMachine;
import dev.vestibule.inspect.Fact;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What do a directory's images say, CRIU's of any machine or Vestibule's? Nothing is asked of them
 * but that they can be read: what could not be thawed is described, too.
 */
public final class ShownDirectory {
  private static final int MOST_PROCESSES = 4096;
  private static final int MOST_PID = 4194304;

  private final Path directory;
  private final InventoryEntry inventory;
  private final List<ShownProcess> processes = new ArrayList<>();

  private ShownDirectory(Path directory, InventoryEntry inventory) {
    this.directory = directory;
    this.inventory = inventory;
  }

  /** Whether a directory looks as if it held images. */
  public static boolean is(Path directory) {
    return Files.isDirectory(directory)
        && Files.exists(directory.resolve(ImageKind.INVENTORY.file(0)), LinkOption.NOFOLLOW_LINKS);
  }

  /**
   * Reads all images that tell of processes and memory.
   *
   * @throws ImageException naming file, field and offset of the first thing wrong
   */
  public static ShownDirectory read(Path directory) throws ImageException {
    Entry<InventoryEntry> inventory =
        ImageReader.open(directory, ImageKind.INVENTORY, 0).only(InventoryEntry.parser());
    int version = inventory.message().getImgVersion();
    inventory.check(
        version == 2, "img_version", version + " is not version 2, CRIU's since its 1.8");
    ShownDirectory shown = new ShownDirectory(directory, inventory.message());
    Map<Integer, String> files = files(directory);
    Set<Integer> pids = new HashSet<>();
    for (Entry<PstreeEntry> place :
        ImageReader.open(directory, ImageKind.PSTREE, 0).all(PstreeEntry.parser())) {
      int pid = place.message().getPid();
      place.check(pid > 0 && pid <= MOST_PID, "pid", pid + " is none");
      place.check(pids.add(pid), "pid", "a second process " + pid);
      place.check(
          pids.size() + place.message().getThreadsCount() <= MOST_PROCESSES, "pid", "too many");
      shown.processes.add(ShownProcess.read(directory, place, shown.release(), files));
    }
    return shown;
  }

  private static Map<Integer, String> files(Path directory) throws ImageException {
    Map<Integer, String> files = new HashMap<>();
    var found = ImageReader.find(directory, ImageKind.FILES, 0);
    if (found.isPresent()) {
      for (Entry<FileEntry> file : found.get().all(FileEntry.parser())) {
        if (file.message().hasReg()) {
          files.put(
              file.message().getId(),
              file.message().getReg().getNameBytes().toString(StandardCharsets.ISO_8859_1));
        }
      }
    }
    return files;
  }

  private String release() {
    return inventory.hasVestibule() ? inventory.getVestibule().getRelease() : "";
  }

  /** The processes in the tree's order, those that have ended among them. */
  public List<ShownProcess> processes() {
    return processes;
  }

  /** What holds of all images together. */
  public List<Fact> facts() {
    List<Fact> facts = new ArrayList<>();
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("version", inventory.getImgVersion());
    String writer = "CRIU";
    if (inventory.hasVestibule()) {
      VestibuleMachine machine = inventory.getVestibule();
      writer = "Vestibule";
      values.put("kernel", machine.getKernel());
      values.put("release", machine.getRelease());
      values.put("machine", machine.getMachine());
    }
    values.put("writer", writer);
    String counts = counts();
    values.put("pageCounts", counts);
    facts.add(
        new Fact(
            "images",
            "format",
            values,
            "version %d, written by %s, pages counted as by %s"
                .formatted(inventory.getImgVersion(), writer(writer), counts)));
    Path parent = directory.resolve("parent");
    if (Files.exists(parent, LinkOption.NOFOLLOW_LINKS)) {
      String to = target(parent);
      facts.add(
          new Fact(
              "parent", "parent", Map.of("directory", to), to + ", images of an earlier dump"));
    }
    return facts;
  }

  private String writer(String name) {
    VestibuleMachine machine = inventory.getVestibule();
    return inventory.hasVestibule()
        ? "%s under kernel %s (Linux %s on %s, pages of %d bytes)"
            .formatted(
                name,
                machine.getKernel(),
                machine.getRelease(),
                machine.getMachine(),
                machine.getPageSize())
        : name;
  }

  private String counts() {
    boolean compatible = false;
    boolean wide = false;
    for (ShownProcess process : processes) {
      compatible |= process.memory().hasCompatibleCounts();
      wide |= process.memory().hasWideCounts();
    }
    return wide ? compatible ? "all of CRIU" : "CRIU 4.2 and later" : "CRIU up to 4.1";
  }

  private static String target(Path link) {
    try {
      return Files.isSymbolicLink(link) ? Files.readSymbolicLink(link).toString() : "a directory";
    } catch (IOException e) {
      return "unreadable";
    }
  }
}
