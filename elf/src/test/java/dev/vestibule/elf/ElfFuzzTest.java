package dev.vestibule.elf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vestibule.elf.cfi.Cie;
import dev.vestibule.elf.cfi.Fde;
import dev.vestibule.elf.cfi.FrameTable;
import dev.vestibule.elf.cfi.UnwindException;
import dev.vestibule.elf.cfi.Unwinder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Does any input make a reader do anything but answer or throw {@link ElfException}? Replay a run
 * with {@code -Delf.fuzz.seed=N}, lengthen it with {@code -Delf.fuzz.rounds=N}.
 */
class ElfFuzzTest {
  private static final Duration HANG = Duration.ofSeconds(30);
  private static final long[] EDGES = {
    0,
    1,
    2,
    3,
    7,
    8,
    0x7f,
    0x80,
    0xff,
    0x100,
    0x7fff,
    0x8000,
    0xffff,
    0x10000,
    0x7fffffffL,
    0x80000000L,
    0xffffffffL,
    -1,
    Long.MAX_VALUE,
    Long.MIN_VALUE,
    -8,
    -16
  };

  /** Uses every reader; nothing but the announced exceptions may come out. */
  static void exercise(byte[] bytes) {
    attempt(() -> ElfImage.read(ByteSource.of(bytes), "fuzz", 4096).programHeaderAddress());
    attempt(() -> {
      ElfFile file = ElfFile.read(bytes, "fuzz");
      attempt(file::sections);
      attempt(file::interpreter);
      attempt(file::dynamic);
      attempt(() -> file.dynamicString(Elf.DT_SONAME));
      attempt(file::notes);
      attempt(file::versions);
      attempt(file::staticSymbols);
      attempt(() -> lookUp(file.dynamicSymbols()));
      attempt(() -> walk(FrameTable.read(file)));
      for (SharedObjectVerifier.Finding finding : SharedObjectVerifier.verify(file)) {
        assertThat(finding.line("fuzz")).doesNotContain("\n");
      }
    });
  }

  private interface Read {
    void run() throws ElfException;
  }

  private static void attempt(Read read) {
    try {
      read.run();
    } catch (ElfException e) {
      assertThat(e.getMessage()).startsWith("fuzz: ").contains(" at 0x").doesNotContain("\n");
    }
  }

  private static void lookUp(SymbolTable table) {
    int left = 50;
    for (ElfSymbol symbol : table.symbols()) {
      if (left-- > 0) {
        attempt(() -> table.findBySysvHash(symbol.name(), symbol.version()));
        attempt(() -> table.findByGnuHash(symbol.name(), symbol.version()));
      }
    }
  }

  private static void walk(FrameTable table) {
    for (Cie cie : table.cies()) {
      attempt(() -> table.text(cie, column -> ""));
    }
    Unwinder unwinder = new Unwinder(table, 0);
    int left = 50;
    for (Fde fde : table.fdes()) {
      attempt(() -> table.text(fde, column -> ""));
      if (left-- > 0) {
        try {
          unwinder.unwind(fde.start() + fde.size() - 1, false, c -> c * 8L, (at, into) -> at > 0);
        } catch (UnwindException e) {
          assertThat(e.getMessage()).doesNotContain("\n");
        }
      }
    }
  }

  static List<byte[]> seeds() throws IOException {
    List<byte[]> seeds = new ArrayList<>();
    for (SampleImage sample : SampleImage.values()) {
      seeds.add(sample.build().bytes());
      seeds.add(sample.builder().sectionHeaders(false).build().bytes());
    }
    for (Path file : corpus()) {
      seeds.add(CorpusFile.read(file).bytes());
    }
    Path real = Path.of("/usr/powerpc64le-linux-gnu/lib/libBrokenLocale.so.1");
    if (Files.isReadable(real)) {
      seeds.add(Files.readAllBytes(real));
    }
    return seeds;
  }

  @Test
  void survivesDamagedFiles() throws IOException {
    long seed = Long.getLong("elf.fuzz.seed", System.nanoTime());
    int rounds = Integer.getInteger("elf.fuzz.rounds", 5_000);
    System.out.println("ElfFuzzTest: -Delf.fuzz.seed=" + seed + " -Delf.fuzz.rounds=" + rounds);
    List<byte[]> seeds = seeds();
    SplittableRandom random = new SplittableRandom(seed);
    byte[][] last = new byte[1][];
    try {
      Assertions.assertTimeoutPreemptively(
          HANG.plusSeconds(rounds / 100),
          () -> {
            for (int round = 0; round < rounds; round++) {
              byte[] bytes = damaged(seeds.get(random.nextInt(seeds.size())), random);
              last[0] = bytes;
              exercise(bytes);
            }
          });
    } catch (Throwable t) {
      Path kept = Files.createTempFile("elf-fuzz", ".hex");
      Files.writeString(kept, HexFormat.of().formatHex(last[0]));
      throw new AssertionError("-Delf.fuzz.seed=" + seed + ", input kept in " + kept, t);
    }
  }

  private static byte[] damaged(byte[] valid, SplittableRandom random) {
    if (random.nextInt(50) == 0) {
      byte[] noise = new byte[random.nextInt(600)];
      random.nextBytes(noise);
      byte[] head = {0x7f, 'E', 'L', 'F', (byte) random.nextInt(1, 3), (byte) random.nextInt(1, 3)};
      System.arraycopy(head, 0, noise, 0, Math.min(head.length, noise.length));
      return noise;
    }
    byte[] bytes = valid.clone();
    int limit = Math.min(bytes.length, 16384);
    for (int i = random.nextInt(1, 6); i > 0 && bytes.length > 16; i--) {
      int at = random.nextInt(Math.min(bytes.length, limit));
      switch (random.nextInt(7)) {
        case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> bytes[at] = (byte) random.nextInt();
        case 2 -> put(bytes, at & -2, 2, random);
        case 3 -> put(bytes, at & -4, 4, random);
        case 4 -> put(bytes, at & -8, 8, random);
        case 5 -> {
          int from = random.nextInt(bytes.length);
          int length = Math.min(random.nextInt(64), bytes.length - Math.max(from, at));
          System.arraycopy(bytes, from, bytes, at, length);
        }
        default -> {
          if (random.nextInt(4) == 0) {
            bytes = java.util.Arrays.copyOf(bytes, at);
          }
        }
      }
    }
    return bytes;
  }

  private static void put(byte[] bytes, int at, int size, SplittableRandom random) {
    long value = EDGES[random.nextInt(EDGES.length)];
    if (random.nextInt(3) == 0) {
      value = random.nextInt(bytes.length);
    }
    boolean big = bytes[5] == 2;
    for (int i = 0; i < size && at + i < bytes.length; i++) {
      bytes[at + i] = (byte) (value >>> (8 * (big ? size - 1 - i : i)));
    }
  }

  /** A kept malformed file: what it is, the one-line answer it must get, and its bytes. */
  @SuppressWarnings("ArrayRecordComponent")
  record CorpusFile(String what, String answer, byte[] bytes) {
    static CorpusFile read(Path path) throws IOException {
      List<String> lines = Files.readAllLines(path);
      StringBuilder hex = new StringBuilder();
      for (String line : lines.subList(2, lines.size())) {
        hex.append(line.replaceAll("#.*|\\s", ""));
      }
      return new CorpusFile(lines.get(0), lines.get(1), HexFormat.of().parseHex(hex.toString()));
    }
  }

  static List<Path> corpus() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("src/test/resources/dev/vestibule/elf/corpus"))) {
      return files.sorted().toList();
    }
  }

  @ParameterizedTest
  @MethodSource("corpus")
  void answersKeptFilesInOneLine(Path path) throws IOException {
    CorpusFile file = CorpusFile.read(path);
    Assertions.assertTimeoutPreemptively(HANG, () -> exercise(file.bytes()));
    List<String> answers = new ArrayList<>();
    try {
      ElfFile elf = ElfFile.read(file.bytes(), "file");
      SharedObjectVerifier.verify(elf).forEach(f -> answers.add(f.line("file")));
    } catch (ElfException e) {
      answers.add(e.getMessage());
    }
    assertThat(answers).contains(file.answer());
  }
}
