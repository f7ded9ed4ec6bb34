package dev.vestibule.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.vestibule.checkpoint.image.ImageKind;
import dev.vestibule.checkpoint.image.ImageReader;
import dev.vestibule.checkpoint.image.ImageWriter;
import dev.vestibule.checkpoint.schema.InventoryEntry;
import dev.vestibule.checkpoint.schema.StatsEntry;
import dev.vestibule.cpu.PageTracking;
import dev.vestibule.kernel.freeze.FreezeRefusal;
import dev.vestibule.profile.Architecture;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Is memory that was written in several goes the same as memory written at once? A whole freeze of
 * the same moment decides, and guests/libc/changing.c, which knows what its pages have to hold.
 */
class PreDumpTest {
  private final long seed = Long.getLong("test.seed", System.nanoTime());
  private final Random random = new Random(seed);

  @TempDir Path directory;

  @BeforeEach
  void compilers() {
    Guest.needCompilers();
  }

  @ParameterizedTest
  @EnumSource(Architecture.class)
  void isWhatAWholeFreezeIs(Architecture architecture) throws Exception {
    String what = architecture + ", seed " + seed;
    Path output = directory.resolve("output");
    try (Guest guest = start(architecture, output)) {
      int dumps = 2 + random.nextInt(4);
      for (int dump = 0; dump < dumps; dump++) {
        Thread.sleep(random.nextInt(100));
        assertThat(guest.process().ended()).as(what + ": " + Files.readString(output)).isFalse();
        dump(guest, dump, FreezeRequest.Then.PRE_DUMP);
      }
      Thread.sleep(random.nextInt(100));
      Files.createFile(directory.resolve("pause"));
      Guest.awaitLine(output, "paused 0");
      Guest.awaitLine(output, "paused 1");
      dump(guest, dumps, FreezeRequest.Then.GO_ON);
      guest.freeze(directory.resolve("whole"), false);
      guest.await();
      Path chained = directory.resolve(Integer.toString(dumps));
      compare(chained, directory.resolve("whole"), output, what);
      Files.delete(directory.resolve("pause"));
      try (Guest thawed = Guest.thaw(chained, architecture.id() + "-6.1")) {
        Thread.sleep(random.nextInt(100));
        Files.createFile(directory.resolve("go"));
        assertThat(thawed.await()).as(what + ": " + Files.readString(output)).isZero();
      }
    }
  }

  @Test
  void writesWhatHasChanged() throws Exception {
    assumeThat(PageTracking.available()).as("the host can tell").isTrue();
    Path output = directory.resolve("output");
    try (Guest guest = start(Architecture.PPC64LE, output)) {
      Files.createFile(directory.resolve("pause"));
      Guest.awaitLine(output, "paused 0");
      Guest.awaitLine(output, "paused 1");
      dump(guest, 0, FreezeRequest.Then.PRE_DUMP);
      dump(guest, 1, FreezeRequest.Then.KILL);
      StatsEntry before = statistics("0");
      StatsEntry after = statistics("1");
      assertThat(after.getDump().getPagesWritten())
          .as("while both processes slept: %s, then %s", before, after)
          .isLessThan(before.getDump().getPagesWritten() / 20);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"missing", "another", "loop", "short", "unmapped", "pre-dump"})
  void isRefusedWithoutItsPages(String fault) throws Exception {
    boolean leaves = fault.equals("short") || fault.equals("unmapped"); // pages to the earlier dump
    assumeThat(!leaves || PageTracking.available()).as("the host can tell").isTrue();
    Path output = directory.resolve("output");
    Path first = directory.resolve("0");
    Path last = directory.resolve("1");
    try (Guest guest = start(Architecture.PPC64LE, output)) {
      dump(guest, 0, FreezeRequest.Then.PRE_DUMP);
      dump(guest, 1, FreezeRequest.Then.GO_ON);
      int pid = guest.process().pid();
      String expected =
          switch (fault) {
            case "missing" -> {
              Files.move(first, directory.resolve("elsewhere"));
              yield "there is none";
            }
            case "another" -> {
              Files.move(first, directory.resolve("elsewhere"));
              dump(guest, 0, FreezeRequest.Then.PRE_DUMP);
              yield "is not the dump that was there";
            }
            case "loop" -> {
              InventoryEntry inventory = inventory(last);
              var own = inventory.getVestibule();
              Files.delete(last.resolve("inventory.img"));
              new ImageWriter(ImageKind.INVENTORY, 0)
                  .add(
                      inventory.toBuilder()
                          .setVestibule(own.toBuilder().setParent(own.getDump()))
                          .build())
                  .write(last);
              Files.delete(last.resolve("parent"));
              Files.createSymbolicLink(last.resolve("parent"), Path.of("."));
              yield "leads back to where it began";
            }
            case "short" -> {
              try (RandomAccessFile pages =
                  new RandomAccessFile(first.resolve("pages-1.img").toFile(), "rw")) {
                pages.setLength(pages.length() - 4096);
              }
              yield "and this needs";
            }
            case "unmapped" -> {
              Path map = first.resolve(ImageKind.PAGEMAP.file(pid));
              Files.delete(map);
              Files.delete(first.resolve("pages-1.img"));
              Files.createFile(first.resolve("pages-1.img"));
              new ImageWriter(ImageKind.PAGEMAP, pid)
                  .add(
                      dev.vestibule.checkpoint.schema.PagemapHead.newBuilder()
                          .setPagesId(1)
                          .build())
                  .write(first);
              yield "was left to this dump, and is not in it";
            }
            default -> {
              last = first;
              yield "it cannot go on";
            }
          };
      Path images = last;
      assertThatThrownBy(() -> FrozenTree.read(images))
          .isInstanceOf(ImageException.class)
          .hasMessageContaining(expected)
          .hasMessageNotContaining("\n");
    }
  }

  @Test
  void refusesImagesOfAnotherTree() throws Exception {
    Path output = directory.resolve("output");
    try (Guest guest = start(Architecture.PPC64LE, output)) {
      guest.freeze(directory.resolve("untracked"), true);
      FreezeRequest request =
          FreezeRequest.of(directory.resolve("images"), FreezeRequest.Then.KILL);
      for (String previous : new String[] {"../untracked", "../nothing", "../output"}) {
        assertThatThrownBy(() ->
                Freeze.freeze(
                    guest.machine(),
                    guest.process().pid(),
                    request.withPrevious(Path.of(previous))))
            .isInstanceOf(FreezeRefusal.class)
            .hasMessageContaining(previous.substring(3));
      }
      assertThat(directory.resolve("images")).doesNotExist();
      assertThat(guest.process().ended()).isFalse();
    }
  }

  // ---- what is done -----------------------------------------------------------------------------

  private Guest start(Architecture architecture, Path output) throws Exception {
    Path program = Guest.build(architecture, "changing", directory);
    Guest guest =
        Guest.start(
            architecture.id() + "-5.10",
            program,
            output,
            directory.toString(),
            Integer.toString(random.nextInt()));
    Guest.awaitLine(output, "running");
    return guest;
  }

  /** Writes images called by a number that leave pages to those of the number before. */
  private void dump(Guest guest, int number, FreezeRequest.Then then) throws Exception {
    Path previous = number == 0 ? null : Path.of("..", Integer.toString(number - 1));
    FreezeRequest request = FreezeRequest.of(directory.resolve(Integer.toString(number)), then);
    Freeze.freeze(guest.machine(), guest.process().pid(), request.withPrevious(previous));
  }

  private StatsEntry statistics(String images) throws Exception {
    return ImageReader.open(directory.resolve(images), ImageKind.STATS_DUMP, 0)
        .only(StatsEntry.parser())
        .message();
  }

  private static InventoryEntry inventory(Path images) throws Exception {
    return ImageReader.open(images, ImageKind.INVENTORY, 0).only(InventoryEntry.parser()).message();
  }

  private static void compare(Path chained, Path whole, Path output, String what) throws Exception {
    String[] region = Files.readAllLines(output).getFirst().split(" ");
    long from = Long.decode(region[1]);
    long to = from + Long.parseLong(region[2]);
    FrozenTree some = FrozenTree.read(chained);
    FrozenTree all = FrozenTree.read(whole);
    assertThat(some.processes().keySet()).as(what).isEqualTo(all.processes().keySet());
    int pages = 0;
    for (int pid : all.processes().keySet()) {
      Map<Long, byte[]> expected = pages(all.processes().get(pid), from, to);
      Map<Long, byte[]> found = pages(some.processes().get(pid), from, to);
      assertThat(found.keySet()).as(what).isEqualTo(expected.keySet());
      for (Map.Entry<Long, byte[]> page : expected.entrySet()) {
        assertThat(Arrays.equals(found.get(page.getKey()), page.getValue()))
            .as("%s: page 0x%x of process %d", what, page.getKey(), pid)
            .isTrue();
        pages++;
      }
    }
    assertThat(pages).as(what).isPositive();
  }

  private static Map<Long, byte[]> pages(FrozenProcess process, long from, long to)
      throws Exception {
    Map<Long, byte[]> pages = new TreeMap<>();
    for (PageChain.Piece piece : process.pieces()) {
      Path file = piece.directory().resolve("pages-" + piece.pagesId() + ".img");
      try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "r")) {
        for (long at = Math.max(piece.start(), from); at < Math.min(piece.end(), to); at += 4096) {
          byte[] page = new byte[4096];
          bytes.seek(piece.offset() + at - piece.start());
          bytes.readFully(page);
          pages.put(at, page);
        }
      }
    }
    return pages;
  }
}
