package dev.vestibule.cli.sysroot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SysrootTest {
  private static final Path HOST_LISTS = Path.of("/var/lib/apt/lists");

  @TempDir Path temporary;
  private final List<String> notes = new ArrayList<>();

  private Sysroot sysroot(Path directory, String architecture) throws Exception {
    return new Sysroot(architecture, directory, temporary.resolve("state"), notes::add, step -> {});
  }

  private static List<Path> hostSources() throws IOException {
    return AptSources.files(Path.of("/etc/apt/sources.list"), Path.of("/etc/apt/sources.list.d"));
  }

  @Test
  void aForeignPackageIsUnpackedWithWhatItNeedsAndAnotherAddedLater() throws Exception {
    assumeArchive();
    List<Path> before = Files.isDirectory(HOST_LISTS) ? list(HOST_LISTS) : List.of();
    Path dir = temporary.resolve("tree");
    assertThat(sysroot(dir, "ppc64el").install(List.of("hello:ppc64el"), hostSources()))
        .isGreaterThan(1);
    byte[] hello = Files.readAllBytes(dir.resolve("usr/bin/hello"));
    assertThat(hello).startsWith(0x7f, 'E', 'L', 'F', 2, 1);
    assertThat(dir.resolve("lib")).isSymbolicLink();
    assertThat(dir.resolve("lib64/ld64.so.2")).isRegularFile();
    assertThat(dir.resolve("etc/passwd")).content().contains("root:", "nobody:");

    assertThat(sysroot(dir, "ppc64el").install(List.of("hello"), hostSources())).isZero();
    sysroot(dir, "ppc64el").install(List.of("debianutils"), hostSources());
    assertThat(dir.resolve("usr/bin/hello")).hasBinaryContent(hello);
    assertThat(dir.resolve("usr/bin/which")).isSymbolicLink().isRegularFile();

    Path none = temporary.resolve("none");
    assertThatThrownBy(
            () -> sysroot(none, "ppc64el").install(List.of("no-such-package"), hostSources()))
        .isInstanceOf(SysrootException.class)
        .hasMessageContaining("no-such-package");
    assertThat(none).doesNotExist();
    assertThat(Files.isDirectory(HOST_LISTS) ? list(HOST_LISTS) : List.of()).isEqualTo(before);
  }

  @Test
  void oneBrokenSourceDoesNotStopTheRest() throws Exception {
    assumeArchive();
    Path broken = Files.writeString(temporary.resolve("broken.list"), "deb [arch=x http://\n");
    Path gone =
        Files.writeString(
            temporary.resolve("gone.list"), "deb [trusted=yes] file:/nonexistent stable main\n");
    List<Path> sources = new ArrayList<>(List.of(broken, gone));
    sources.addAll(hostSources());
    Path dir = temporary.resolve("tree");
    sysroot(dir, "ppc64el").install(List.of("gcc-12-base"), sources);
    assertThat(notes).anyMatch(n -> n.contains("broken.list"));
    assertThat(notes).anyMatch(n -> n.contains("file:/nonexistent"));
  }

  @Test
  void directoriesThatHoldSomethingElseAreRefused() throws Exception {
    Files.writeString(temporary.resolve("file"), "");
    assertThatThrownBy(() -> sysroot(temporary, "ppc64el")).hasMessageContaining("neither empty");
    assertThatThrownBy(() -> sysroot(temporary.resolve("file"), "ppc64el"))
        .hasMessageContaining("not a directory");
    Path other = Files.createDirectory(temporary.resolve("other"));
    Files.writeString(other.resolve(".vestibule-sysroot"), "powerpc\n");
    assertThatThrownBy(() -> sysroot(other, "ppc64el")).hasMessageContaining("for powerpc");
    assertThatThrownBy(() -> sysroot(other, "../x")).hasMessageContaining("architecture");
  }

  private static List<Path> list(Path directory) throws IOException {
    try (var files = Files.list(directory)) {
      return files.sorted().toList();
    }
  }

  /** Skips a test where there is no apt, or no archive of the host can be reached. */
  private void assumeArchive() throws Exception {
    Assumptions.assumeTrue(
        Files.isExecutable(Path.of("/usr/bin/apt-get")), "no apt-get on this host");
    Apt apt = new Apt(temporary.resolve("probe"), "ppc64el", note -> {});
    try {
      apt.configure(hostSources(), temporary.resolve("absent"));
      apt.update();
    } catch (SysrootException e) {
      Assumptions.abort("the Debian archive is out of reach: " + e.getMessage());
    }
  }
}
