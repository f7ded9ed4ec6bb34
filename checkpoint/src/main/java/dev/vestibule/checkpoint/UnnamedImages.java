package dev.vestibule.checkpoint;

import com.google.protobuf.ByteString;
import dev.vestibule.checkpoint.image.ImageKind;
import dev.vestibule.checkpoint.image.ImageReader;
import dev.vestibule.checkpoint.image.ImageReader.Entry;
import dev.vestibule.checkpoint.image.ImageWriter;
import dev.vestibule.checkpoint.schema.FdType;
import dev.vestibule.checkpoint.schema.FileEntry;
import dev.vestibule.checkpoint.schema.GhostFileEntry;
import dev.vestibule.checkpoint.schema.MemfdInodeEntry;
import dev.vestibule.checkpoint.schema.RemapFilePathEntry;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.abi.GuestText;
import dev.vestibule.kernel.file.FileId;
import dev.vestibule.kernel.file.FileState;
import dev.vestibule.kernel.file.FileStatus;
import dev.vestibule.kernel.file.HostFile;
import dev.vestibule.kernel.freeze.FreezeRefusal;
import dev.vestibule.kernel.freeze.UnnamedThaw;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** How do files that no name leads to stand in images: deleted ones, and those in memory? */
final class UnnamedImages {
  /** All of them together, in bytes. */
  private static final long MOST_BYTES = 32 << 20;

  private static final int GHOST = 1;
  private static final int PERMISSIONS = 07777;
  private static final int MOST_SEALS = 0x3f;
  private static final int LONGEST_MEMORY_NAME = 249;
  private static final String BEFORE = "/memfd:";
  private static final String BEHIND = " (deleted)";

  private final Map<FileId, Integer> ids = new HashMap<>();
  private final List<ImageWriter> ghosts = new ArrayList<>();
  private final ImageWriter memory = new ImageWriter(ImageKind.MEMFD, 0);
  private final ImageWriter remaps = new ImageWriter(ImageKind.REMAP_FPATH, 0);
  private boolean anyMemory;
  private long total;

  // ---- saving -----------------------------------------------------------------------------------

  /** The number of a file in memory, written when it is first asked for. */
  int inMemory(FileState.Unnamed state, HostFile file) throws FreezeRefusal {
    Integer known = ids.get(state.id());
    if (known != null) {
      return known;
    }
    byte[] content = content(state, file);
    int id = number(state);
    String path = state.path();
    anyMemory = true;
    memory.add(
        MemfdInodeEntry.newBuilder()
            .setName(Texts.bytes(path.substring(BEFORE.length(), path.length() - BEHIND.length())))
            .setUid(state.status().uid())
            .setGid(state.status().gid())
            .setSize(content.length)
            .setShmid(0)
            .setSeals(state.seals())
            .setInodeId(id)
            .setMode(state.status().mode())
            .setContent(ByteString.copyFrom(content))
            .build());
    return id;
  }

  /** Adds a deleted file, and that an entry means it. */
  void deleted(int entry, FileState.Unnamed state, HostFile file) throws FreezeRefusal {
    Integer known = ids.get(state.id());
    if (known == null) {
      byte[] content = content(state, file);
      FileStatus status = state.status();
      known = number(state);
      ghosts.add(
          new ImageWriter(ImageKind.GHOST_FILE, known)
              .add(
                  GhostFileEntry.newBuilder()
                      .setUid(status.uid())
                      .setGid(status.gid())
                      .setMode(status.mode())
                      .setSize(content.length)
                      .build())
              .extra(content));
    }
    remaps.add(
        RemapFilePathEntry.newBuilder()
            .setOrigId(entry)
            .setRemapId(known)
            .setRemapType(GHOST)
            .build());
  }

  private int number(FileState.Unnamed state) {
    int id = ids.size() + 1;
    ids.put(state.id(), id);
    return id;
  }

  private byte[] content(FileState.Unnamed state, HostFile file) throws FreezeRefusal {
    long size = state.status().size();
    total += size;
    if (size > MOST_BYTES || total > MOST_BYTES) {
      throw new FreezeRefusal(
          "%s has no name and %d bytes; files without names hold more than %d bytes"
              .formatted(GuestText.toHost(state.path()), size, MOST_BYTES));
    }
    try {
      return file.content();
    } catch (Failure failure) {
      throw new FreezeRefusal(
          "%s cannot be read: %s"
              .formatted(GuestText.toHost(state.path()), Errno.message(failure.errno())));
    }
  }

  /** Writes what there is. */
  void write(Path directory) throws IOException {
    for (ImageWriter ghost : ghosts) {
      ghost.write(directory);
    }
    if (!ghosts.isEmpty()) {
      remaps.write(directory);
    }
    if (anyMemory) {
      memory.write(directory);
    }
  }

  // ---- restoring --------------------------------------------------------------------------------

  /** Reads and checks what there is: for each file's entry, what it means. */
  static Map<Integer, UnnamedThaw.Content> read(
      Path directory, Map<Integer, Entry<FileEntry>> files) throws ImageException {
    Map<Integer, UnnamedThaw.Content> contents = new LinkedHashMap<>();
    Map<Long, UnnamedThaw.Content> memory = memory(directory);
    for (Entry<FileEntry> entry : files.values()) {
      if (entry.message().getType() == FdType.MEMFD) {
        UnnamedThaw.Content content =
            memory.get(Integer.toUnsignedLong(entry.message().getMemfd().getInodeId()));
        entry.check(content != null, "memfd.inode_id", "memfd.img is missing, or has no such file");
        if (content != null) {
          contents.put(entry.message().getId(), content);
        }
      }
    }
    var remaps = ImageReader.find(directory, ImageKind.REMAP_FPATH, 0);
    if (remaps.isPresent()) {
      Map<Integer, UnnamedThaw.Content> ghosts = new HashMap<>();
      long total = 0;
      for (UnnamedThaw.Content content : memory.values()) {
        total += content.bytes().length;
      }
      for (Entry<RemapFilePathEntry> entry : remaps.get().all(RemapFilePathEntry.parser())) {
        total += deleted(directory, entry, files, ghosts, contents);
        entry.check(total <= MOST_BYTES, "remap_id", "files without names hold too much");
      }
    }
    return contents;
  }

  private static Map<Long, UnnamedThaw.Content> memory(Path directory) throws ImageException {
    Map<Long, UnnamedThaw.Content> memory = new HashMap<>();
    var found = ImageReader.find(directory, ImageKind.MEMFD, 0);
    if (found.isEmpty()) {
      return memory;
    }
    for (Entry<MemfdInodeEntry> entry : found.get().all(MemfdInodeEntry.parser())) {
      MemfdInodeEntry file = entry.message();
      String name = Texts.text(file.getName());
      entry.check(name.length() <= LONGEST_MEMORY_NAME && name.indexOf(0) < 0, "name", "is none");
      entry.check(file.getSize() == file.getContent().size(), "size", "is not that of the content");
      entry.check(file.getSeals() >= 0 && file.getSeals() <= MOST_SEALS, "seals", "are unknown");
      UnnamedThaw.Content content =
          new UnnamedThaw.Content(
              name,
              true,
              file.getSeals(),
              file.getMode() & PERMISSIONS,
              file.getUid(),
              file.getGid(),
              file.getContent().toByteArray());
      entry.check(memory.put(file.getInodeId(), content) == null, "inode_id", "is there twice");
    }
    return memory;
  }

  /** Reads what an entry means, if nothing has meant it yet: how many bytes. */
  private static long deleted(
      Path directory,
      Entry<RemapFilePathEntry> entry,
      Map<Integer, Entry<FileEntry>> files,
      Map<Integer, UnnamedThaw.Content> ghosts,
      Map<Integer, UnnamedThaw.Content> contents)
      throws ImageException {
    RemapFilePathEntry remap = entry.message();
    entry.check(remap.getRemapType() == GHOST, "remap_type", remap.getRemapType() + " is unknown");
    Entry<FileEntry> file = files.get(remap.getOrigId());
    if (file == null || file.message().getType() != FdType.REG) {
      throw entry.bad("orig_id", "there is no file " + remap.getOrigId());
    }
    UnnamedThaw.Content ghost = ghosts.get(remap.getRemapId());
    long read = 0;
    if (ghost == null) {
      ImageReader reader = ImageReader.open(directory, ImageKind.GHOST_FILE, remap.getRemapId());
      Entry<GhostFileEntry> image = reader.next(GhostFileEntry.parser());
      byte[] bytes = reader.rest();
      image.check(
          (image.message().getMode() & FileStatus.S_IFMT) == FileStatus.S_IFREG,
          "mode",
          "is not that of a plain file");
      image.check(image.message().getSize() == bytes.length, "size", "is not that of the content");
      ghost =
          new UnnamedThaw.Content(
              Texts.text(file.message().getReg().getNameBytes()),
              false,
              0,
              image.message().getMode() & PERMISSIONS,
              image.message().getUid(),
              image.message().getGid(),
              bytes);
      ghosts.put(remap.getRemapId(), ghost);
      read = bytes.length;
    }
    entry.check(contents.put(remap.getOrigId(), ghost) == null, "orig_id", "is there twice");
    return read;
  }
}
