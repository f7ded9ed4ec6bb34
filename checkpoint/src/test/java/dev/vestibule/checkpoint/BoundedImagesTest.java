package dev.vestibule.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import com.google.protobuf.ByteString;
import dev.vestibule.checkpoint.image.ImageKind;
import dev.vestibule.checkpoint.image.ImageReader;
import dev.vestibule.checkpoint.image.ImageReader.Entry;
import dev.vestibule.checkpoint.image.ImageWriter;
import dev.vestibule.checkpoint.schema.FdType;
import dev.vestibule.checkpoint.schema.FileEntry;
import dev.vestibule.checkpoint.schema.FownEntry;
import dev.vestibule.checkpoint.schema.GhostFileEntry;
import dev.vestibule.checkpoint.schema.InetSkEntry;
import dev.vestibule.checkpoint.schema.MemfdInodeEntry;
import dev.vestibule.checkpoint.schema.RegFileEntry;
import dev.vestibule.checkpoint.schema.RemapFilePathEntry;
import dev.vestibule.checkpoint.schema.SkOptsEntry;
import dev.vestibule.kernel.socket.Socket;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Do images take no more time and memory than their size, however much they tell of? */
class BoundedImagesTest {
  private static final FownEntry NOBODY =
      FownEntry.newBuilder().setUid(0).setEuid(0).setSignum(0).setPidType(0).setPid(0).build();
  private static final int CONNECTED = 1;

  @TempDir Path directory;

  private static Entry<FileEntry> socket(int id, int from, int to) {
    InetSkEntry socket =
        InetSkEntry.newBuilder()
            .setId(id)
            .setIno(id)
            .setFamily(Socket.AF_INET)
            .setType(Socket.SOCK_STREAM)
            .setProto(6)
            .setState(CONNECTED)
            .setSrcPort(1)
            .setDstPort(1)
            .setFlags(2)
            .setBacklog(0)
            .addSrcAddr(from)
            .addDstAddr(to)
            .setFown(NOBODY)
            .setOpts(
                SkOptsEntry.newBuilder()
                    .setSoSndbuf(0)
                    .setSoRcvbuf(0)
                    .setSoSndTmoSec(0)
                    .setSoSndTmoUsec(0)
                    .setSoRcvTmoSec(0)
                    .setSoRcvTmoUsec(0))
            .build();
    FileEntry file = FileEntry.newBuilder().setType(FdType.INETSK).setId(id).setIsk(socket).build();
    return new Entry<>(file, "files.img", id);
  }

  /** Comparing each with each would take hours. */
  @Test
  void connectionsAreFoundByTheirEnds() {
    int many = 400_000;
    List<Entry<FileEntry>> sockets = new ArrayList<>();
    for (int i = 1; i <= many; i++) {
      sockets.add(socket(i, i, i ^ 1));
    }
    sockets.removeFirst(); // 1, whose other end is 0
    sockets.removeLast(); // an even number, whose other end comes next
    Map<Integer, Entry<FileEntry>> others =
        assertTimeoutPreemptively(
            Duration.ofMinutes(5), () -> InetImages.connections(sockets), "in linear time");
    assertThat(others).hasSize(many - 2);
    others.forEach((id, other) -> assertThat(other.message().getId()).isEqualTo(id ^ 1));
  }

  @Test
  void everyConnectionHasTwoEnds() {
    assertRefused("there is no other end of the connection", List.of(socket(1, 10, 20)));
    assertRefused("there is no other end of the connection", List.of(socket(1, 10, 10)));
    assertRefused(
        "another connection has the same ends",
        List.of(socket(1, 10, 20), socket(2, 20, 10), socket(3, 10, 20)));
  }

  private static void assertRefused(String why, List<Entry<FileEntry>> sockets) {
    assertThatThrownBy(() -> InetImages.connections(sockets))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining("isk.dst_port")
        .hasMessageEndingWith(why);
  }

  /** Files full of holes take no place on a disk, but would in memory. */
  @Test
  void deletedFilesAreBoundedTogether() throws Exception {
    int size = 20 << 20;
    ImageWriter remaps = new ImageWriter(ImageKind.REMAP_FPATH, 0);
    Map<Integer, Entry<FileEntry>> files = new HashMap<>();
    for (int id = 1; id <= 2; id++) {
      new ImageWriter(ImageKind.GHOST_FILE, id)
          .add(
              GhostFileEntry.newBuilder()
                  .setUid(0)
                  .setGid(0)
                  .setMode(0100600)
                  .setSize(size)
                  .build())
          .write(directory);
      Path ghost = directory.resolve(ImageKind.GHOST_FILE.file(id));
      try (RandomAccessFile holes = new RandomAccessFile(ghost.toFile(), "rw")) {
        holes.setLength(holes.length() + size);
      }
      remaps.add(
          RemapFilePathEntry.newBuilder().setOrigId(id).setRemapId(id).setRemapType(1).build());
      RegFileEntry reg =
          RegFileEntry.newBuilder()
              .setId(id)
              .setFlags(0)
              .setPos(0)
              .setFown(NOBODY)
              .setName("/gone")
              .build();
      files.put(
          id,
          new Entry<>(
              FileEntry.newBuilder().setType(FdType.REG).setId(id).setReg(reg).build(),
              "files.img",
              0));
    }
    remaps.write(directory);
    assertThatThrownBy(() -> UnnamedImages.read(directory, files))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining("remap-fpath.img: remap_id")
        .hasMessageEndingWith("files without names hold too much");
    files.remove(2);
    Files.delete(directory.resolve(ImageKind.REMAP_FPATH.file(0)));
    new ImageWriter(ImageKind.REMAP_FPATH, 0)
        .add(RemapFilePathEntry.newBuilder().setOrigId(1).setRemapId(1).setRemapType(1).build())
        .write(directory);
    assertThat(UnnamedImages.read(directory, files)).containsOnlyKeys(1);
  }

  /** What could not be read again must not be what a process is killed for. */
  @Test
  void noImageIsWrittenThatCouldNotBeRead() throws Exception {
    ByteString half = ByteString.copyFrom(new byte[ImageReader.MOST_BYTES / 2]);
    MemfdInodeEntry file =
        MemfdInodeEntry.newBuilder()
            .setName(ByteString.EMPTY)
            .setUid(0)
            .setGid(0)
            .setSize(half.size())
            .setShmid(0)
            .setSeals(0)
            .setInodeId(1)
            .setContent(half)
            .build();
    ImageWriter image = new ImageWriter(ImageKind.MEMFD, 0).add(file).add(file);
    assertThatThrownBy(() -> image.write(directory))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("memfd.img needs ")
        .hasMessageEndingWith(" and such an image has at most " + ImageReader.MOST_BYTES);
    assertThat(directory).isEmptyDirectory();
  }
}
