package dev.vestibule.checkpoint.fuzz;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/** One changed set of images after the other, for tests that need them as files. */
public final class TamperedImages {
  private final Map<String, byte[]> base;
  private final List<String> only;
  private final Path directory;
  private final Mutator mutator;
  private Map<String, byte[]> now = Map.of();

  /**
   * @param directory where they come to lie; it is made
   * @param only names of the images to change, all of them if none is named
   */
  public TamperedImages(Path images, Path directory, Random random, String... only)
      throws IOException {
    base = ImageSet.read(images);
    this.only = List.of(only);
    this.directory = Files.createDirectory(directory);
    mutator = new Mutator(random);
  }

  /** Puts the next changed set into the directory. */
  public void next() throws IOException {
    Map<String, byte[]> changing = new TreeMap<>(base);
    if (!only.isEmpty()) {
      changing.keySet().retainAll(only);
    }
    Map<String, byte[]> images = new TreeMap<>(base);
    images.keySet().removeAll(changing.keySet());
    images.putAll(mutator.mutate(changing));
    ImageSet.write(directory, now, images);
    now = images;
  }
}
