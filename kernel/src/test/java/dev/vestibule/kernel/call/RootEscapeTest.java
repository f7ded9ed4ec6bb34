package dev.vestibule.kernel.call;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A guest with {@code --root} tries to reach a file beside its root. */
final class RootEscapeTest {
  private static final String SECRET = "outside";
  private static final int O_DIRECTORY = 0200000;
  private static final int O_PATH = 010000000;

  @TempDir Path home;
  private Path root = Path.of("");

  @BeforeEach
  void makeTree() throws IOException {
    root = Files.createDirectory(home.resolve("root"));
    Files.writeString(home.resolve("secret"), SECRET);
    Files.createDirectories(root.resolve("dir/deep"));
    Files.writeString(root.resolve("inside"), "inside");
  }

  private static String read(GuestWorld g, long fd) {
    if (fd < 0) {
      return "";
    }
    long n = GuestWorld.result(() -> FileCalls.read(g.task, (int) fd, GuestWorld.SCRATCH, 100));
    FileCalls.close(g.task, (int) fd);
    return n <= 0 ? "" : new String(g.bytes(GuestWorld.SCRATCH, (int) n));
  }

  private void expectNothing(GuestWorld g, String path) {
    assertThat(read(g, g.open(path, 0, 0))).as(path).doesNotContain(SECRET).doesNotContain("root:");
  }

  @Test
  void linksAndDotsStayInside() throws IOException {
    Files.createSymbolicLink(root.resolve("up"), Path.of("../secret"));
    Files.createSymbolicLink(root.resolve("far"), Path.of("../../../../../../../../etc/passwd"));
    Files.createSymbolicLink(root.resolve("absolute"), home.resolve("secret"));
    Files.createSymbolicLink(root.resolve("dir/climb"), Path.of("../.."));
    Files.createSymbolicLink(root.resolve("dir/deep/climb"), Path.of("../../../.."));
    try (GuestWorld g = new GuestWorld("ppc64le-6.1", root)) {
      String[] names = {
        "up",
        "far",
        "absolute",
        "../secret",
        "/../secret",
        "dir/../../secret",
        "dir/climb/secret",
        "dir/deep/climb/secret",
        "dir/deep/../../../secret",
        "/dir/deep/climb/etc/passwd",
        "/proc/self/root/../secret",
        "/proc/self/cwd/../secret",
        "/proc/1/root/etc/passwd",
        "/proc/self/root" + home + "/secret",
        "/etc/passwd",
        home + "/secret",
        "/proc/self/exe",
        "/dev/fd/../../../secret",
        "/proc/self/fd/../../../../secret",
        "/dev/shm/../../secret",
        "/sys/../../secret"
      };
      for (String name : names) {
        expectNothing(g, name);
      }
    }
  }

  @Test
  void descriptorsAndChangedRootsStayInside() {
    try (GuestWorld g = new GuestWorld("ppc64-6.1", root)) {
      var t = g.task;
      long top = g.open("/", O_DIRECTORY, 0);
      long deep = g.open("/dir/deep", O_PATH | O_DIRECTORY, 0);
      for (long fd : new long[] {top, deep}) {
        for (String up : new String[] {"../secret", "../../../secret", "../../../../secret"}) {
          long opened = GuestWorld.result(() -> FileCalls.openat(t, (int) fd, g.text(up), 0, 0));
          assertThat(read(g, opened)).as(up).isEmpty();
        }
      }
      // The classical way out of a chroot: change the root while a directory above is held.
      GuestWorld.result(() -> DirectoryCalls.chroot(t, g.text("/dir/deep")));
      GuestWorld.result(() -> DirectoryCalls.fchdir(t, (int) top));
      for (int i = 0; i < 8; i++) {
        GuestWorld.result(() -> DirectoryCalls.chdir(t, g.text("..")));
      }
      GuestWorld.result(() -> DirectoryCalls.chroot(t, g.text(".")));
      expectNothing(g, "/secret");
      expectNothing(g, "/../secret");
      expectNothing(g, "/etc/passwd");
    }
  }

  @Test
  void devicesCannotBeMadeOrOpened() {
    try (GuestWorld g = new GuestWorld("ppc64le-6.1", root)) {
      int memory = 1 << 8 | 1;
      long made =
          GuestWorld.result(() -> DirectoryCalls.mknod(g.task, g.text("/mem"), 0020666, memory));
      assertThat(made).isNegative();
      assertThat(g.open("/dev/mem", 0, 0)).isNegative();
      assertThat(g.open("/proc/kcore", 0, 0)).isNegative();
    }
  }

  @Test
  void descriptorMovedOutLeadsNowhere() throws IOException {
    try (GuestWorld g = new GuestWorld("ppc64le-6.1", root)) {
      long deep = g.open("/dir/deep", O_DIRECTORY, 0);
      Files.move(root.resolve("dir/deep"), home.resolve("moved"), StandardCopyOption.ATOMIC_MOVE);
      long opened =
          GuestWorld.result(() -> FileCalls.openat(g.task, (int) deep, g.text("../secret"), 0, 0));
      assertThat(read(g, opened)).isEmpty();
    }
  }

  /** One guest exchanges a directory with a link that leads out while another opens through it. */
  @Test
  void exchangingADirectoryForALinkDoesNotHelp() throws Exception {
    Files.createDirectory(root.resolve("real"));
    Files.writeString(root.resolve("real/secret"), "inside");
    Path link = root.resolve("link");
    Files.createSymbolicLink(link, home);
    AtomicBoolean done = new AtomicBoolean();
    try (GuestWorld a = new GuestWorld("ppc64le-6.1", root);
        GuestWorld b = a.another()) {
      Thread swapper =
          Thread.ofPlatform()
              .start(() -> {
                while (!done.get()) {
                  int exchange = 2;
                  GuestWorld.result(() ->
                      DirectoryCalls.renameat2(
                          b.task, -100, b.text("/real"), -100, b.text("/link"), exchange));
                }
              });
      for (int i = 0; i < 5000; i++) {
        assertThat(read(a, a.open("/real/secret", 0, 0))).isNotEqualTo(SECRET);
      }
      done.set(true);
      swapper.join();
    }
  }
}
