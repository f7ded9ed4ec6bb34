package dev.vestibule.kernel.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vestibule.cpu.Engine;
import dev.vestibule.cpu.GuestFault;
import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.profile.KernelProfile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Address spaces against the host's own kernel, and what the host cannot tell. */
final class AddressSpaceTest {
  private static final int PAGE = 4096;
  private static final int ARENA_PAGES = 64;
  private static final long BASE = 0x1000_0000;
  private static final int ANONYMOUS = MapFlags.MAP_PRIVATE | MapFlags.MAP_ANONYMOUS;
  private static final int FIXED = ANONYMOUS | MapFlags.MAP_FIXED;
  private static final int READ_WRITE = 3;

  private static final KernelProfile.Mapping HANDED =
      new KernelProfile.Mapping(
          KernelProfile.Naming.MAPPING,
          false,
          KernelProfile.ReplaceError.EINVAL,
          KernelProfile.OnMove.WHOLE,
          KernelProfile.OnUnmap.GONE,
          KernelProfile.Dump.NAMED);

  private final List<AddressSpace> spaces = new ArrayList<>();

  @AfterEach
  void close() {
    spaces.forEach(AddressSpace::leave);
  }

  private AddressSpace space(long memoryLimit) {
    Layout layout =
        new Layout(PAGE, 1L << 31, 0x7000_0000, 0x6000_0000, true, 0x10000, BASE, HANDED);
    AddressSpace space =
        new AddressSpace(
            layout, 1L << 31, true, false, memoryLimit, () -> 8 << 20, Engine.INTERPRET);
    spaces.add(space);
    return space;
  }

  private static long result(LongSupplier call) {
    try {
      return call.getAsLong();
    } catch (Failure failure) {
      return -failure.errno();
    }
  }

  private static long result(Runnable call) {
    return result(() -> {
      call.run();
      return 0;
    });
  }

  /** A stretch of this process's own memory where the host's kernel carries out the same calls. */
  private static final class HostArena {
    final long start =
        Libc.syscall(HostCalls.MMAP, 0, (long) ARENA_PAGES * PAGE * 3, 0, ANONYMOUS, -1, 0)
            + (long) ARENA_PAGES * PAGE;

    HostArena() {
      Libc.syscall(HostCalls.MUNMAP, start, (long) ARENA_PAGES * PAGE);
    }

    void close() {
      long bytes = (long) ARENA_PAGES * PAGE;
      Libc.syscall(HostCalls.MUNMAP, start - bytes, bytes * 3);
    }

    /** Whether one mapping covers a range of offsets. */
    boolean oneMapping(long from, long to) throws IOException {
      for (String line : Files.readAllLines(Path.of("/proc/self/maps"))) {
        String[] ends = line.substring(0, line.indexOf(' ')).split("-");
        if (Long.parseUnsignedLong(ends[0], 16) <= start + from
            && Long.parseUnsignedLong(ends[1], 16) >= start + to) {
          return true;
        }
      }
      return false;
    }

    /** One text for each page: permissions and first byte, or "-". */
    List<String> pages() throws IOException {
      String[] pages = new String[ARENA_PAGES];
      Arrays.fill(pages, "-");
      for (String line : Files.readAllLines(Path.of("/proc/self/maps"))) {
        String[] ends = line.substring(0, line.indexOf(' ')).split("-");
        long from = Math.max(Long.parseUnsignedLong(ends[0], 16), start);
        long to = Math.min(Long.parseUnsignedLong(ends[1], 16), start + (long) ARENA_PAGES * PAGE);
        for (long at = from; at < to; at += PAGE) {
          String permissions = line.substring(line.indexOf(' ') + 1, line.indexOf(' ') + 5);
          String content = permissions.startsWith("r") ? " " + HostMemory.u8(at) : "";
          pages[(int) ((at - start) / PAGE)] = permissions.replace("p", "") + content;
        }
      }
      return List.of(pages);
    }
  }

  private static List<String> pages(AddressSpace space) {
    List<String> pages = new ArrayList<>();
    for (int i = 0; i < ARENA_PAGES; i++) {
      long address = BASE + (long) i * PAGE;
      Vma vma = space.find(address);
      if (vma == null) {
        assertThat(space.memory().isMapped(address)).isFalse();
        pages.add("-");
        continue;
      }
      int p = vma.protection();
      assertThat(space.memory().protection(address)).isEqualTo(p);
      String permissions =
          ((p & 1) != 0 ? "r" : "-") + ((p & 2) != 0 ? "w" : "-") + ((p & 4) != 0 ? "x" : "-");
      pages.add(permissions + ((p & 1) != 0 ? " " + space.memory().load8(address) : ""));
    }
    return pages;
  }

  /** The same random calls here and on the host give the same results, pages and contents. */
  @Test
  void agreesWithTheHost() throws IOException {
    long seed = Long.getLong("seed", System.nanoTime());
    Random random = new Random(seed);
    AddressSpace space = space(1 << 30);
    HostArena arena = new HostArena();
    try {
      List<String> history = new ArrayList<>();
      for (int step = 0; step < 4000; step++) {
        Operation operation = Operation.random(random);
        history.add(operation.toString());
        if (operation.resizesSeveral(space, arena)) {
          continue;
        }
        long ours = operation.on(space);
        long hosts = operation.on(arena);
        List<String> last = history.subList(Math.max(0, history.size() - 8), history.size());
        assertThat(ours).describedAs("-Dseed=%d, step %d: %s", seed, step, last).isEqualTo(hosts);
        if (step % 20 == 0) {
          assertThat(pages(space))
              .describedAs("-Dseed=%d, step %d: %s", seed, step, last)
              .isEqualTo(arena.pages());
        }
      }
    } finally {
      arena.close();
    }
  }

  /** One call, with pages counted from the arena's begin. */
  private record Operation(String call, int page, int pages, int other, int bits) {
    static Operation random(Random random) {
      String[] calls = {"map", "map", "unmap", "protect", "protect", "remap", "discard", "store"};
      int page = random.nextInt(ARENA_PAGES - 1);
      int room = ARENA_PAGES - page;
      return new Operation(
          calls[random.nextInt(calls.length)],
          page,
          1 + random.nextInt(Math.min(room, 12)),
          random.nextInt(ARENA_PAGES - 12),
          random.nextInt(8));
    }

    private int protection() {
      // Execute-only and write-only pages differ between architectures.
      int[] known = {0, 1, 3, 5, 7, 3, 1, 3};
      return known[bits];
    }

    private int newPages() {
      return 1 + (pages + bits) % 12;
    }

    /** In place or nothing, or to a fixed address. */
    private int remapFlags() {
      return bits < 4 ? 0 : MapFlags.MREMAP_MAYMOVE | MapFlags.MREMAP_FIXED;
    }

    long on(AddressSpace space) {
      long at = BASE + (long) page * PAGE;
      long bytes = (long) pages * PAGE;
      long to = BASE + (long) other * PAGE;
      return switch (call) {
        case "map" ->
            relative(result(() -> space.map(at, bytes, protection(), FIXED, null, 0)), BASE);
        case "unmap" -> result(() -> space.unmap(at, bytes));
        case "protect" -> result(() -> space.protect(at, bytes, protection()));
        case "remap" ->
            remapOutsideArena()
                ? 0
                : relative(
                    result(
                        () -> space.remap(at, bytes, (long) newPages() * PAGE, remapFlags(), to)),
                    BASE);
        case "discard" ->
            result(() ->
                space.advise(
                    at,
                    bytes,
                    false,
                    vma -> {
                      space.memory().discard(vma.start(), vma.length());
                      return vma.flags();
                    }));
        default -> {
          try {
            space.memory().store8(at, bits + 1);
            yield 0;
          } catch (GuestFault fault) {
            yield -Errno.EFAULT;
          }
        }
      };
    }

    /**
     * Whether mremap would meet more than one mapping here or there: Linux 6.17 began to move
     * several, and the host joins neighbours less often once they were moved.
     */
    boolean resizesSeveral(AddressSpace space, HostArena arena) throws IOException {
      if (!call.equals("remap")) {
        return false;
      }
      long at = (long) page * PAGE;
      Vma vma = space.find(BASE + at);
      long end = at + (long) pages * PAGE;
      return (vma == null || vma.end() < BASE + end) != !arena.oneMapping(at, end)
          || bits >= 4 && (vma == null || vma.end() < BASE + end);
    }

    private boolean remapOutsideArena() {
      return page + newPages() > ARENA_PAGES;
    }

    long on(HostArena arena) {
      long at = arena.start + (long) page * PAGE;
      long bytes = (long) pages * PAGE;
      long to = arena.start + (long) other * PAGE;
      return switch (call) {
        case "map" ->
            relative(
                Libc.syscall(HostCalls.MMAP, at, bytes, protection(), FIXED, -1, 0), arena.start);
        case "unmap" -> Libc.syscall(HostCalls.MUNMAP, at, bytes);
        case "protect" -> Libc.syscall(HostCalls.MPROTECT, at, bytes, protection());
        case "remap" ->
            remapOutsideArena()
                ? 0
                : relative(
                    Libc.syscall(
                        HostCalls.MREMAP, at, bytes, (long) newPages() * PAGE, remapFlags(), to),
                    arena.start);
        case "discard" -> Libc.syscall(HostCalls.MADVISE, at, bytes, 4);
        default -> {
          // The host's kernel says whether one byte may be stored: it writes it for us.
          long value = HostMemory.allocate(1);
          HostMemory.put8(value, bits + 1);
          long result = pipeThrough(value, at);
          HostMemory.free(value);
          yield result;
        }
      };
    }

    private static long pipeThrough(long from, long to) {
      long name = HostMemory.allocate(16);
      long fd = Libc.syscall(HostCalls.MEMFD_CREATE, name, 0);
      HostMemory.free(name);
      Libc.syscall(HostCalls.PWRITE64, fd, from, 1, 0);
      long result = Libc.syscall(HostCalls.PREAD64, fd, to, 1, 0);
      Libc.syscall(HostCalls.CLOSE, fd);
      return Math.min(result, 0);
    }

    private static long relative(long result, long base) {
      return Errno.failed(result) ? result : result - base;
    }
  }

  @Test
  void neighboursWithTheSameAttributesAreOneMapping() {
    AddressSpace space = space(1 << 30);
    space.map(BASE, PAGE, READ_WRITE, FIXED, null, 0);
    space.map(BASE + 2 * PAGE, PAGE, READ_WRITE, FIXED, null, 0);
    assertThat(space.mappings()).hasSize(2);
    space.map(BASE + PAGE, PAGE, READ_WRITE, FIXED, null, 0);
    assertThat(space.mappings()).hasSize(1);
    space.protect(BASE + PAGE, PAGE, 1);
    assertThat(space.mappings()).hasSize(3);
    space.protect(BASE + PAGE, PAGE, READ_WRITE);
    assertThat(space.mappings()).hasSize(1);
  }

  @Test
  void forkCopiesPrivatePagesAndSharesShared() {
    AddressSpace parent = space(1 << 30);
    parent.map(BASE, 4 * PAGE, READ_WRITE, FIXED, null, 0);
    int shared = MapFlags.MAP_SHARED | MapFlags.MAP_ANONYMOUS | MapFlags.MAP_FIXED;
    long window = BASE + 16 * PAGE;
    parent.map(window, PAGE, READ_WRITE, shared, null, 0);
    parent.memory().store32(BASE + PAGE, 1);
    parent.memory().store32(window, 2);
    AddressSpace child = parent.fork(true);
    spaces.add(child);
    child.memory().store32(BASE + PAGE, 11);
    child.memory().store32(window, 12);
    assertThat(parent.memory().load32(BASE + PAGE)).isEqualTo(1);
    assertThat(parent.memory().load32(window)).isEqualTo(12);
    assertThat(child.memory().load32(BASE)).isZero();
    assertThat(child.mappings()).isEqualTo(parent.mappings());
  }

  @Test
  void stackGrowsToItsLimitAndKeepsItsDistance() {
    AddressSpace space = space(1 << 30);
    long top = 0x7000_0000;
    space.mapKernel(
        new Vma(top - PAGE, top, READ_WRITE, Vma.MAY_ALL | Vma.GROWS_DOWN, null, 0, "[stack]"));
    space.memory().store8(top - 100 * PAGE, 1);
    assertThat(space.mappings()).hasSize(1);
    long limit = 8 << 20;
    space.memory().store8(top - limit, 1);
    assertThatThrownBy(() -> space.memory().store8(top - limit - 1, 1))
        .isInstanceOf(GuestFault.class);
  }

  @Test
  void memoryIsLimited() {
    AddressSpace space = space(16 * PAGE);
    assertThat(result(() -> space.map(0, 17 * PAGE, READ_WRITE, ANONYMOUS, null, 0)))
        .isEqualTo(-Errno.ENOMEM);
    long all = space.map(0, 16 * PAGE, READ_WRITE, ANONYMOUS, null, 0);
    assertThat(result(() -> space.map(0, PAGE, READ_WRITE, ANONYMOUS, null, 0)))
        .isEqualTo(-Errno.ENOMEM);
    space.unmap(all, 8 * PAGE);
    space.map(0, 8 * PAGE, READ_WRITE, ANONYMOUS, null, 0);
  }

  @Test
  void whatMustStayWholeIsNotSplit() {
    AddressSpace space = space(1 << 30);
    space.mapKernel(
        new Vma(
            BASE,
            BASE + 2 * PAGE,
            5,
            Vma.MAY_ALL | Vma.DONT_EXPAND | Vma.WHOLE,
            null,
            0,
            "[vdso]"));
    assertThat(result(() -> space.unmap(BASE, PAGE))).isEqualTo(-Errno.EINVAL);
    assertThat(result(() -> space.protect(BASE + PAGE, PAGE, 1))).isEqualTo(-Errno.EINVAL);
    assertThat(result(() -> space.map(BASE, PAGE, READ_WRITE, FIXED, null, 0)))
        .isEqualTo(-Errno.EINVAL);
    assertThat(result(() -> space.remap(BASE, 2 * PAGE, 3 * PAGE, 1, 0))).isEqualTo(-Errno.EFAULT);
    long moved = space.remap(BASE, 2 * PAGE, 2 * PAGE, 3, BASE + 64 * PAGE);
    assertThat(moved).isEqualTo(BASE + 64 * PAGE);
    assertThat(space.mappings()).hasSize(1).first().extracting(Vma::name).isEqualTo("[vdso]");
    space.unmap(moved, 2 * PAGE);
  }

  @Test
  void breakMovesBothWaysAndStopsAtNeighbours() {
    AddressSpace space = space(1 << 30);
    space.setBrk(BASE);
    assertThat(space.brk(0)).isEqualTo(BASE);
    assertThat(space.brk(BASE + 100)).isEqualTo(BASE + 100);
    space.memory().store8(BASE + PAGE - 1, 1);
    space.map(BASE + 8 * PAGE, PAGE, READ_WRITE, FIXED, null, 0);
    assertThat(space.brk(BASE + 9 * PAGE)).isEqualTo(BASE + 100);
    assertThat(space.brk(BASE)).isEqualTo(BASE);
    assertThat(space.memory().isMapped(BASE)).isFalse();
    assertThat(GuestMemory.PAGE_SIZE).isEqualTo(PAGE);
  }
}
