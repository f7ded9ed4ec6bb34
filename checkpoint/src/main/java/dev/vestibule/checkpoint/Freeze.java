package dev.vestibule.checkpoint;

import dev.vestibule.inspect.EditedVdso;
import dev.vestibule.kernel.Machine;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.freeze.FreezeRefusal;
import dev.vestibule.kernel.freeze.Freezer;
import dev.vestibule.kernel.proc.GuestProcess;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** How is a tree of processes frozen into a directory? */
public final class Freeze {
  private Freeze() {}

  /**
   * Freezes a process and its descendants. The directory appears as a whole or not at all: images
   * are written into one beside it, which gets its name once all of them are on the disk.
   *
   * @param pid as the guest knows it
   * @throws FreezeRefusal with the reason; the tree goes on then, and nothing is written
   */
  public static void freeze(Machine machine, int pid, FreezeRequest request) throws FreezeRefusal {
    Preparation.prepare();
    Process root = machine.process(pid);
    if (root == null) {
      throw new FreezeRefusal("there is no process " + pid);
    }
    Path directory = request.directory().toAbsolutePath();
    Path parent = directory.getParent();
    if (parent == null) {
      throw new FreezeRefusal(directory + ": cannot hold images");
    }
    MemoryWriter.Dump dump =
        new MemoryWriter.Dump(UUID.randomUUID().toString(), previous(request), request.tracks());
    Path aside = makeAside(parent, directory);
    boolean done = false;
    FreezeStatistics statistics = new FreezeStatistics();
    try (Freezer.Frozen frozen = machine.freezer().freeze(root)) {
      statistics.frozen();
      write(new TreeWriter(machine, frozen.tree(), aside, statistics, dump), request, frozen);
      Path previous = request.previous();
      if (previous != null) {
        Files.createSymbolicLink(aside.resolve(DumpChain.PARENT), previous);
      }
      if (request.then() != FreezeRequest.Then.KILL) {
        frozen.goOn();
      }
      finish(aside, directory, statistics);
      done = true;
      if (request.then() == FreezeRequest.Then.KILL) {
        frozen.kill();
      }
    } catch (DirectoryNotEmptyException e) {
      throw new FreezeRefusal(directory + ": the directory is not empty");
    } catch (IOException e) {
      throw new FreezeRefusal(directory + ": " + e.getMessage());
    } finally {
      if (!done) {
        remove(aside);
      }
    }
  }

  /** The name of the dump that pages are left to, or null. */
  private static @Nullable String previous(FreezeRequest request) throws FreezeRefusal {
    Path previous = request.previous();
    if (previous == null) {
      return null;
    }
    Path images = request.directory().resolve(previous).normalize();
    try {
      return DumpChain.name(images);
    } catch (ImageException e) {
      throw new FreezeRefusal(images + ": " + e.getMessage());
    }
  }

  private static void write(TreeWriter writer, FreezeRequest request, Freezer.Frozen frozen)
      throws FreezeRefusal, IOException {
    if (request.previous() != null && !writer.continues()) {
      throw new FreezeRefusal(
          request.previous() + ": is not what pages have been compared with since");
    }
    if (request.then() == FreezeRequest.Then.PRE_DUMP) {
      writer.writeMemory();
      return;
    }
    if (request.edited() == EditedVdso.REFUSE) {
      refuseEdits(frozen.tree());
    }
    writer.write();
  }

  /** Puts everything on the disk, and in its place. */
  private static void finish(Path aside, Path directory, FreezeStatistics statistics)
      throws IOException {
    statistics.write(aside);
    try (Stream<Path> images = Files.list(aside)) {
      for (Path image : images.toList()) {
        sync(image);
      }
    }
    sync(aside);
    Files.move(aside, directory, StandardCopyOption.ATOMIC_MOVE);
    sync(directory.resolveSibling("."));
  }

  private static void refuseEdits(List<Process> tree) throws FreezeRefusal {
    for (Process process : tree) {
      if (process.ended()) {
        continue;
      }
      List<EditedVdso.Change> edits = new GuestProcess(process, true).edits();
      if (!edits.isEmpty()) {
        throw new FreezeRefusal(
            "the vDSO of process %d is not as its kernel made it: %s (--edited-vdso keep takes it)"
                .formatted(process.pid(), edits.getFirst().text()));
      }
    }
  }

  private static Path makeAside(Path parent, Path directory) throws FreezeRefusal {
    try {
      if (Files.exists(directory, LinkOption.NOFOLLOW_LINKS) && !isEmpty(directory)) {
        throw new FreezeRefusal(directory + ": is not an empty directory");
      }
      return Files.createTempDirectory(
          parent,
          "." + directory.getFileName() + ".freezing-",
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    } catch (IOException e) {
      throw new FreezeRefusal(parent + ": " + e.getMessage());
    }
  }

  private static boolean isEmpty(Path directory) throws IOException {
    if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
      return false;
    }
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.findAny().isEmpty();
    }
  }

  private static void sync(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private static void remove(Path aside) {
    try (Stream<Path> entries = Files.list(aside)) {
      for (Path entry : List.copyOf(entries.toList())) {
        Files.delete(entry);
      }
      Files.delete(aside);
    } catch (IOException leftBehind) {
      // Its name says that it is none of anybody's images.
    }
  }
}
