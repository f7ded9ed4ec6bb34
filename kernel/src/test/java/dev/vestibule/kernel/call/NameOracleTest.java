package dev.vestibule.kernel.call;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.abi.GuestText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random names and operations in two equal trees: a guest's with {@code --root}, and the host's own
 * lookup with RESOLVE_IN_ROOT. The results must agree, errno for errno, and so must the trees.
 */
final class NameOracleTest {
  private static final int STEPS = 3000;
  private static final long IN_ROOT = 0x10;
  private static final int O_RDWR = 2;
  private static final int O_CREAT = 0100;
  private static final int O_EXCL = 0200;
  private static final int O_TRUNC = 01000;
  private static final int O_DIRECTORY = 0200000;
  private static final int O_NOFOLLOW = 0400000;
  private static final int O_CLOEXEC = 02000000;
  private static final int O_PATH = 010000000;
  private static final int[] OPEN_FLAGS = {
    0,
    O_RDWR,
    O_DIRECTORY,
    O_NOFOLLOW,
    O_PATH,
    O_PATH | O_NOFOLLOW,
    O_CREAT | O_RDWR,
    O_CREAT | O_EXCL | O_RDWR,
    O_CREAT | O_NOFOLLOW | 1,
    O_RDWR | O_TRUNC,
    O_DIRECTORY | O_NOFOLLOW,
    O_PATH | O_DIRECTORY,
    O_CREAT
  };
  private static final String[] NAMES = {"a", "b", "c", "d", "a", "b", "..", ".", "x"};

  @TempDir Path guestTree;
  @TempDir Path hostTree;

  private final long memory = HostMemory.allocate(1 << 15);
  private Random random = new Random();
  private long root;

  @ParameterizedTest
  @ValueSource(strings = {"ppc64le-6.1", "ppc-6.1"})
  void agreesWithTheHost(String profile) throws IOException {
    long seed = Long.getLong("vestibule.seed", System.nanoTime());
    random = new Random(seed);
    root = Libc.syscall(HostCalls.OPENAT, -100, text(0, hostTree.toString()), O_PATH, 0);
    assertThat(root).isPositive();
    List<String> log = new ArrayList<>();
    try (GuestWorld guest = new GuestWorld(profile, guestTree)) {
      for (int step = 0; step < STEPS; step++) {
        compare(guest, "seed " + seed + " step " + step, log);
      }
    }
    Libc.syscall(HostCalls.CLOSE, root);
    assertThat(listing(guestTree)).as("seed %d", seed).isEqualTo(listing(hostTree));
  }

  private void compare(GuestWorld g, String where, List<String> log) {
    String path = name();
    String other = name();
    int op = random.nextInt(11);
    int flags = OPEN_FLAGS[random.nextInt(OPEN_FLAGS.length)];
    String what =
        where + ": op " + op + " " + path + " " + other + " flags " + Integer.toOctalString(flags);
    long guest = GuestWorld.result(() -> onGuest(g, op, path, other, flags));
    long host = onHost(op, path, other, flags);
    log.add(what + " = " + host);
    assertThat(error(guest))
        .as(
            "%s (host %d), after %s",
            what, host, log.subList(Math.max(0, log.size() - 6), log.size()))
        .isEqualTo(error(host));
  }

  private static String error(long result) {
    return result < 0 ? Errno.name((int) -result) : Long.toString(result);
  }

  private String name() {
    StringBuilder name = new StringBuilder(random.nextInt(4) == 0 ? "/" : "");
    int parts = 1 + random.nextInt(4);
    for (int i = 0; i < parts; i++) {
      name.append(i == 0 ? "" : random.nextInt(8) == 0 ? "//" : "/");
      name.append(NAMES[random.nextInt(NAMES.length)]);
    }
    if (random.nextInt(8) == 0) {
      name.append('/');
    }
    if (random.nextInt(100) == 0) {
      name.append("/").repeat("n", 255 + random.nextInt(2));
    }
    return random.nextInt(200) == 0 ? "" : name.toString();
  }

  // ---- the guest's side: 0, a negated errno, or a property of what was found

  private long onGuest(GuestWorld g, int op, String path, String other, int flags) {
    var t = g.task;
    long name = g.text(path);
    switch (op) {
      case 0, 1, 2:
        long fd = FileCalls.open(t, name, t.abi().guestOpenFlags(flags), 0640);
        if (fd < 0) {
          return fd;
        }
        long mode = t.files().get((int) fd).status(t).mode();
        t.files().get((int) fd).release();
        FileCalls.close(t, (int) fd);
        return mode;
      case 3:
        return DirectoryCalls.mkdir(t, name, 0750);
      case 4:
        return DirectoryCalls.unlinkat(t, -100, name, random(flags, 2) == 0 ? 0 : 0x200);
      case 5:
        return DirectoryCalls.rename(t, name, g.text(other));
      case 6, 7:
        return DirectoryCalls.symlink(t, name, g.text(other));
      case 8:
        return DirectoryCalls.linkat(t, -100, name, -100, g.text(other), random(flags, 2) * 0x400);
      case 9:
        return AttributeCalls.truncate(t, name, 100);
      default:
        return AttributeCalls.fchmodat(t, -100, name, 0600);
    }
  }

  private static int random(int flags, int count) {
    return (flags >>> 3 ^ flags >>> 9) & 0xffff & count - 1;
  }

  // ---- the host's side

  private long text(int slot, String text) {
    byte[] bytes = GuestText.bytes(text);
    long at = memory + 4096L * slot;
    HostMemory.copyIn(bytes, 0, at, bytes.length);
    return at;
  }

  private long resolve(String path, int flags, int mode) {
    long how = memory + 4096 * 6;
    int known = (flags & O_PATH) != 0 ? flags & (O_PATH | O_NOFOLLOW | O_DIRECTORY) : flags;
    HostMemory.putSlot(how, known | O_CLOEXEC);
    HostMemory.putSlot(how + 8, (flags & O_CREAT) != 0 ? mode : 0);
    HostMemory.putSlot(how + 16, IN_ROOT);
    return Libc.syscall(HostCalls.OPENAT2, root, text(0, path), how, 24);
  }

  /** The last component, slashes behind it included. */
  private static int lastAt(String path) {
    int end = path.length();
    while (end > 0 && path.charAt(end - 1) == '/') {
      end--;
    }
    return path.lastIndexOf('/', Math.max(0, end - 1)) + 1;
  }

  private interface Entry {
    long apply(long directory, String last);
  }

  private long inParent(String path, Entry entry) {
    if (path.isEmpty()) {
      return -Errno.ENOENT;
    }
    int last = lastAt(path);
    String parent = last == 0 ? "." : path.substring(0, last);
    long directory = resolve(parent, O_PATH | O_DIRECTORY, 0);
    if (directory < 0) {
      return directory;
    }
    try {
      return entry.apply(directory, path.substring(last));
    } finally {
      Libc.syscall(HostCalls.CLOSE, directory);
    }
  }

  private long onFile(String path, int flags, Entry entry) {
    long fd = resolve(path, flags, 0);
    if (fd < 0) {
      return fd;
    }
    try {
      return entry.apply(fd, "/proc/self/fd/" + fd);
    } finally {
      Libc.syscall(HostCalls.CLOSE, fd);
    }
  }

  private long onHost(int op, String path, String other, int flags) {
    int umask = (int) Libc.syscall(HostCalls.UMASK, 0);
    try {
      return hostCall(op, path, other, flags);
    } finally {
      Libc.syscall(HostCalls.UMASK, umask);
    }
  }

  private long hostCall(int op, String path, String other, int flags) {
    switch (op) {
      case 0, 1, 2:
        long fd = resolve(path, flags, 0640);
        if (fd < 0) {
          return fd;
        }
        long status = memory + 4096 * 7;
        Libc.syscall(HostCalls.STATX, fd, text(1, ""), 0x1000, 0xfff, status);
        Libc.syscall(HostCalls.CLOSE, fd);
        return HostMemory.s16le(status + 28) & 0xffff;
      case 3:
        return inParent(path, (d, n) -> Libc.syscall(HostCalls.MKDIRAT, d, text(1, n), 0750));
      case 4:
        int remove = random(flags, 2) == 0 ? 0 : 0x200;
        return inParent(path, (d, n) -> Libc.syscall(HostCalls.UNLINKAT, d, text(1, n), remove));
      case 5:
        return inParent(
            path,
            (d, n) ->
                inParent(
                    other,
                    (e, m) -> Libc.syscall(HostCalls.RENAMEAT2, d, text(1, n), e, text(2, m), 0)));
      case 6, 7:
        return path.isEmpty()
            ? -Errno.ENOENT
            : inParent(
                other, (d, n) -> Libc.syscall(HostCalls.SYMLINKAT, text(1, path), d, text(2, n)));
      case 8:
        int follow = random(flags, 2) == 0 ? O_NOFOLLOW : 0;
        return onFile(
            path,
            O_PATH | follow,
            (f, n) ->
                inParent(
                    other,
                    (d, m) ->
                        Libc.syscall(HostCalls.LINKAT, -100, text(1, n), d, text(2, m), 0x400)));
      case 9:
        return onFile(path, 1, (f, n) -> Libc.syscall(HostCalls.FTRUNCATE, f, 100));
      default:
        return onFile(
            path, O_PATH, (f, n) -> Libc.syscall(HostCalls.FCHMODAT, -100, text(1, n), 0600));
    }
  }

  private static List<String> listing(Path tree) throws IOException {
    try (Stream<Path> files = Files.walk(tree)) {
      List<String> lines = new ArrayList<>();
      for (Path file : files.sorted().toList()) {
        String target = Files.isSymbolicLink(file) ? " -> " + Files.readSymbolicLink(file) : "";
        Object mode =
            Files.getAttribute(file, "unix:mode", java.nio.file.LinkOption.NOFOLLOW_LINKS);
        lines.add(tree.relativize(file) + target + (file.equals(tree) ? "" : " " + mode));
      }
      return lines;
    }
  }
}
