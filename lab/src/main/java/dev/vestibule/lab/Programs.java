package dev.vestibule.lab;

import dev.vestibule.profile.Architecture;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Which programs does the lab run? One directory for each architecture, such as {@code ppc64le},
 * holds executables of the same names.
 */
public final class Programs implements Closeable {
  /** The bundled guest programs, in the order in which they are worth reading. */
  private static final List<String> BUNDLED =
      List.of(
          "hello",
          "auxv",
          "maps",
          "vdso-symbols",
          "vdso-place",
          "clock",
          "getcpu",
          "tbfreq",
          "getrandom",
          "syscall-map",
          "icache",
          "sigtramp",
          "fork-wait",
          "pipe",
          "files",
          "mmap",
          "threads",
          "compute",
          "rounding",
          "vectors");

  private final Path directory;
  private final List<String> names;
  private final boolean temporary;

  private Programs(Path directory, List<String> names, boolean temporary) {
    this.directory = directory;
    this.names = names;
    this.temporary = temporary;
  }

  /**
   * The bundled programs, unpacked into a temporary directory until {@link #close}.
   *
   * @param breakages whose programs are wanted as well
   */
  public static Programs bundled(List<Breakage> breakages) throws IOException {
    TreeSet<String> wanted = new TreeSet<>(BUNDLED);
    breakages.forEach(breakage -> wanted.add(breakage.program()));
    Path directory = Files.createTempDirectory("vestibule-lab");
    Programs programs = new Programs(directory, BUNDLED, true);
    for (Architecture architecture : Architecture.values()) {
      Files.createDirectory(directory.resolve(architecture.id()));
      for (String name : wanted) {
        programs.unpack(architecture.id() + "/" + name);
      }
    }
    return programs;
  }

  private void unpack(String name) throws IOException {
    try (InputStream in = Programs.class.getResourceAsStream("guests/" + name)) {
      if (in != null) {
        Path file = directory.resolve(name);
        Files.copy(in, file);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
      }
    }
  }

  /** All executables of a user's own directory. */
  public static Programs in(Path directory) throws IOException {
    TreeSet<String> names = new TreeSet<>();
    for (Architecture architecture : Architecture.values()) {
      Path below = directory.resolve(architecture.id());
      if (Files.isDirectory(below)) {
        try (Stream<Path> files = Files.list(below)) {
          files
              .filter(file -> Files.isRegularFile(file) && Files.isExecutable(file))
              .forEach(file -> names.add(file.getFileName().toString()));
        }
      }
    }
    return new Programs(directory, List.copyOf(names), false);
  }

  /** The programs' names; not every one exists for every architecture. */
  public List<String> names() {
    return names;
  }

  /** Where a program lies; the file may not exist. */
  public Path file(String name, Architecture architecture) {
    return directory.resolve(architecture.id()).resolve(name);
  }

  @Override
  public void close() throws IOException {
    if (temporary) {
      try (Stream<Path> files = Files.walk(directory)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }
}
