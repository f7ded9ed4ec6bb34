package dev.vestibule.checkpoint;

import dev.vestibule.checkpoint.image.ImageKind;
import dev.vestibule.checkpoint.image.ImageWriter;
import dev.vestibule.checkpoint.schema.DumpStatsEntry;
import dev.vestibule.checkpoint.schema.StatsEntry;
import java.io.IOException;
import java.nio.file.Path;

/** How long did a freeze take, and how much did it write? */
final class FreezeStatistics {
  private final long begun = System.nanoTime();
  private long frozen;
  private long scanning;
  private long writing;
  private long scanned;
  private long written;
  private long inParent;

  /** All tasks hold still from now on. */
  void frozen() {
    frozen = System.nanoTime();
  }

  /** Pages of memory were looked for. */
  void scanned(long pages, long nanoseconds) {
    scanned += pages;
    scanning += nanoseconds;
  }

  /** Pages of memory were left to earlier images. */
  void leftToParent(long pages) {
    inParent += pages;
  }

  /** Pages of memory were written. */
  void written(long pages, long nanoseconds) {
    written += pages;
    writing += nanoseconds;
  }

  /** Writes them as CRIU does; the time frozen ends here, in front of the host's disk. */
  void write(Path directory) throws IOException {
    DumpStatsEntry dump =
        DumpStatsEntry.newBuilder()
            .setFreezingTime(microseconds(frozen - begun))
            .setFrozenTime(microseconds(System.nanoTime() - frozen))
            .setMemdumpTime(microseconds(scanning))
            .setMemwriteTime(microseconds(writing))
            .setPagesScanned(scanned)
            .setPagesSkippedParent(inParent)
            .setPagesWritten(written)
            .setPagesLazy(0)
            .build();
    new ImageWriter(ImageKind.STATS_DUMP, 0)
        .add(StatsEntry.newBuilder().setDump(dump).build())
        .write(directory);
  }

  private static int microseconds(long nanoseconds) {
    return (int) Math.min(nanoseconds / 1000, Integer.MAX_VALUE);
  }
}
