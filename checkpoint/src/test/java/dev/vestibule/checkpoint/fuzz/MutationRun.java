package dev.vestibule.checkpoint.fuzz;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import dev.vestibule.checkpoint.FrozenTree;
import dev.vestibule.checkpoint.ImageException;
import dev.vestibule.checkpoint.show.ShownDirectory;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * How do the readers of images take very many changed ones? In a JVM with a small heap, from and to
 * memory: each set is refused with one line that names file, field and offset, or accepted, and
 * what reading it allocates is bounded by its size, which bounds the work as well.
 *
 * <p>Arguments: how many, a seed, a directory of kept findings, "keep" to add to them or "test",
 * and directories of images.
 */
public final class MutationRun {
  /** What may be allocated for each byte of the images, and besides. */
  private static final long BYTES_EACH = 400;

  private static final long BYTES_BESIDES = 4 << 20;

  private static final com.sun.management.ThreadMXBean THREADS =
      (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

  private final FileSystem memory = Jimfs.newFileSystem(Configuration.unix());
  private final Map<String, Integer> refusals = new TreeMap<>();
  private long accepted;
  private long most;

  private MutationRun() {}

  public static void main(String[] arguments) throws Exception {
    new MutationRun().run(arguments);
  }

  private void run(String[] arguments) throws Exception {
    long count = Long.parseLong(arguments[0]);
    long seed = Long.parseLong(arguments[1]);
    Path corpus = Path.of(arguments[2]);
    boolean keep = arguments[3].equals("keep");
    replay(corpus);
    List<Map<String, byte[]>> bases = new ArrayList<>();
    List<Path> places = new ArrayList<>();
    for (int i = 4; i < arguments.length; i++) {
      bases.add(ImageSet.read(Path.of(arguments[i])));
      places.add(place("base" + i, bases.getLast()));
      String problem = judge(places.getLast(), bases.getLast());
      if (problem != null) {
        throw new IllegalStateException(arguments[i] + ": " + problem);
      }
    }
    Random random = new Random(seed);
    Mutator mutator = new Mutator(random);
    for (long round = 0; round < count; round++) {
      int which = random.nextInt(bases.size());
      Map<String, byte[]> base = bases.get(which);
      Map<String, byte[]> images = mutator.mutate(base);
      String problem;
      try {
        problem = judged(places.get(which), base, images);
      } catch (RuntimeException | Error e) {
        throw new IllegalStateException("round %d of seed %d".formatted(round, seed), e);
      }
      if (keep && which == 0) {
        keep(corpus, problem, ImageSet.difference(base, images));
      }
    }
    System.out.printf(
        "%d mutations, seed %d: %d accepted, %d kinds of refusal, at most %d KiB for one%n",
        count, seed, accepted, refusals.size(), most >> 10);
    if (Boolean.getBoolean("fuzz.list")) {
      refusals.forEach((shape, times) -> System.out.println(times + " " + shape));
    }
  }

  /** Adds a set that is refused as none before it, whatever the file, or the smallest so far. */
  private static void keep(Path corpus, String problem, byte[] difference) throws IOException {
    if (problem == null || problem.endsWith("is missing")) {
      return; // whatever message lacks whichever field
    }
    String rule = shape(problem).replaceFirst("^[^:]*: ", "");
    Path kept = corpus.resolve(HexFormat.of().toHexDigits(rule.hashCode()));
    if (Files.notExists(kept) || Files.size(kept) > difference.length) {
      Files.write(kept, difference);
    }
  }

  /** Begins with what was found to be worth keeping. */
  private void replay(Path corpus) throws IOException {
    if (!Files.isDirectory(corpus)) {
      return;
    }
    Map<String, byte[]> base = ImageSet.read(corpus.resolveSibling("base"));
    Path place = place("base", base);
    try (Stream<Path> entries = Files.list(corpus)) {
      for (Path entry : entries.sorted().toList()) {
        judged(place, base, ImageSet.with(base, Files.readAllBytes(entry)));
      }
    }
  }

  private Path place(String name, Map<String, byte[]> images) throws IOException {
    Path place = Files.createDirectory(memory.getPath("/" + name));
    ImageSet.write(place, Map.of(), images);
    return place;
  }

  /** The refusal of a set that is put into place for a moment, or null. */
  private String judged(Path place, Map<String, byte[]> base, Map<String, byte[]> images)
      throws IOException {
    ImageSet.write(place, base, images);
    try {
      return judge(place, images);
    } finally {
      ImageSet.write(place, images, base);
    }
  }

  private String judge(Path place, Map<String, byte[]> images) {
    long size = 0;
    for (byte[] image : images.values()) {
      size += image.length;
    }
    long before = THREADS.getCurrentThreadAllocatedBytes();
    String refusal = null;
    try {
      FrozenTree.read(place);
      accepted++;
    } catch (ImageException e) {
      refusal = e.getMessage();
    }
    long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
    most = Math.max(most, allocated);
    if (allocated > size * BYTES_EACH + BYTES_BESIDES) {
      throw new IllegalStateException(
          "%d bytes allocated for images of %d".formatted(allocated, size));
    }
    if (refusal != null) {
      if (!refusal.matches("[a-z0-9-]+\\.img: [^ ]+ at 0x[0-9a-f]+: [^\n\r]+")) {
        throw new IllegalStateException("not one line with file, field and offset: " + refusal);
      }
      refusals.merge(shape(refusal), 1, Integer::sum);
    }
    if (size % 8 == 0) {
      show(place);
    }
    return refusal;
  }

  private static void show(Path place) {
    try {
      ShownDirectory shown = ShownDirectory.read(place);
      shown.facts();
      shown.processes().forEach(process -> process.facts());
    } catch (ImageException e) {
      if (e.getMessage().contains("\n")) {
        throw new IllegalStateException(e);
      }
    }
  }

  /** A refusal without its numbers: what is refused, not where. */
  private static String shape(String refusal) {
    return refusal.replaceAll("0x[0-9a-f]+|-?[0-9]+", "N").replaceAll("\"[^\"]*\"", "S");
  }
}
