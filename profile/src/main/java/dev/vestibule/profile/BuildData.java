package dev.vestibule.profile;

import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;

/**
 * How is data read that the build has left beside a class?
 *
 * <p>From the directory that the property {@link #DIRECTORY} names, where the launcher keeps such
 * files unpacked; else as a resource. To open a jar and read its list of classes takes
 * milliseconds, and nothing else makes a start open one.
 */
public final class BuildData {
  /** The property that names the directory. */
  public static final String DIRECTORY = "vestibule.data";

  private static final @Nullable String PLACE = System.getProperty(DIRECTORY);

  private BuildData() {}

  /**
   * A class's own {@link Class#getResourceAsStream}, which is for its own module's callers alone.
   */
  @FunctionalInterface
  public interface Resources {
    @Nullable InputStream open(String name);
  }

  /**
   * The content of a file, or null if there is none.
   *
   * @param home the class in whose package it lies
   * @param resources opens it where it is not unpacked
   * @param name without a directory
   */
  public static byte @Nullable [] read(Class<?> home, Resources resources, String name) {
    try (InputStream in = open(home, resources, name)) {
      return in == null ? null : in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static @Nullable InputStream open(Class<?> home, Resources resources, String name) {
    if (PLACE != null) {
      try {
        String directory = home.getPackageName().replace('.', '/');
        return new FileInputStream(PLACE + '/' + directory + '/' + name);
      } catch (FileNotFoundException e) {
        // It may be in the jar all the same.
      }
    }
    return resources.open(name);
  }
}
