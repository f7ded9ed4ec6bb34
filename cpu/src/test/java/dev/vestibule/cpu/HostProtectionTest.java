package dev.vestibule.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.vestibule.host.HostMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/**
 * Does the host protect a window as the guest's mappings say, and outlive those who race with it?
 */
class HostProtectionTest {
  private static final int PAGES = 64;
  private static final int PAGE = GuestMemory.PAGE_SIZE;
  private static final long LIMIT = 2L * PAGES * PAGE;

  private static GuestMemory enforced() {
    assumeTrue(CodeCache.refusal() == null, () -> "" + CodeCache.refusal());
    GuestMemory memory = GuestMemory.reserve(LIMIT, true, false);
    new CodeCache(Engine.TRANSLATE).attach(memory);
    assertThat(memory.enforced()).isTrue();
    return memory;
  }

  /** What /proc/self/maps says of each page of a window: r, w or neither. */
  private static String host(GuestMemory memory) throws IOException {
    StringBuilder all = new StringBuilder("?".repeat((int) (LIMIT / PAGE)));
    for (String line : Files.readAllLines(Path.of("/proc/self/maps"))) {
      int dash = line.indexOf('-');
      int blank = line.indexOf(' ');
      long from = Long.parseUnsignedLong(line.substring(0, dash), 16) - memory.window();
      long to = Long.parseUnsignedLong(line.substring(dash + 1, blank), 16) - memory.window();
      for (long at = Math.max(from, 0); at < Math.min(to, LIMIT); at += PAGE) {
        char read = line.charAt(blank + 1);
        char write = line.charAt(blank + 2);
        all.setCharAt((int) (at / PAGE), write == 'w' ? 'w' : read);
      }
    }
    return all.toString();
  }

  private static String wanted(GuestMemory memory) {
    StringBuilder all = new StringBuilder();
    for (long at = 0; at < LIMIT; at += PAGE) {
      int protection = memory.protection(at);
      boolean writes = (protection & GuestMemory.PROT_WRITE) != 0;
      all.append(writes ? 'w' : protection != 0 ? 'r' : '-');
    }
    return all.toString();
  }

  @Test
  void theHostFollowsEveryChange() throws Exception {
    long seed = Long.getLong("protection.seed", System.nanoTime());
    System.out.println("HostProtectionTest: -Dprotection.seed=" + seed);
    Random random = new Random(seed);
    try (GuestMemory memory = enforced();
        GuestMemory child = enforced()) {
      for (int round = 0; round < 300; round++) {
        long at = (long) random.nextInt(PAGES) * PAGE;
        long length = (long) random.nextInt(1, 8) * PAGE;
        int kind = random.nextInt(6);
        switch (kind) {
          case 0, 1 -> assertThat(memory.mapAnonymous(at, length, random.nextInt(8))).isZero();
          case 2 -> memory.protect(at, length, random.nextInt(8));
          case 3 -> memory.unmap(at, length);
          case 4 -> {
            assertThat(memory.mapAnonymous(at, length, 0)).isZero();
            memory.poke(at, new byte[] {1, 2, 3}, 0, 3);
            memory.discard(at, length);
          }
          default -> {
            assertThat(memory.mapAnonymous(at, length, 1)).isZero();
            memory.poke(at, new byte[] {1, 2, 3}, 0, 3);
            assertThat(memory.fork(true).give(child, at, length, 4)).isZero();
            assertThat(host(child)).isEqualTo(wanted(child));
            byte[] copied = new byte[3];
            child.peek(at, copied, 0, 3);
            assertThat(copied).containsExactly(1, 2, 3);
          }
        }
        assertThat(host(memory)).as("round %d kind %d", round, kind).isEqualTo(wanted(memory));
      }
    }
  }

  @Test
  void whoIsOvertakenByAChangeLivesOn() throws Exception {
    AtomicBoolean done = new AtomicBoolean();
    try (GuestMemory memory = enforced()) {
      assertThat(memory.mapAnonymous(0, PAGE, 3)).isZero();
      Thread other =
          new Thread(() -> {
            while (!done.get()) {
              memory.protect(0, PAGE, 0);
              memory.protect(0, PAGE, 3);
            }
          });
      other.start();
      long host = memory.window();
      for (int i = 0; i < 200_000; i++) {
        HostMemory.put8(host + (i & PAGE - 1), i); // as if the table had allowed it just before
      }
      done.set(true);
      other.join();
    }
  }
}
