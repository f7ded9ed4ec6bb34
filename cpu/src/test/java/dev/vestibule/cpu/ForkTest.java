package dev.vestibule.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Copy-on-write memory against a model that copies everything. */
final class ForkTest {
  private static final int PAGE = GuestMemory.PAGE_SIZE;
  private static final int PAGES = 64;
  private static final long LIMIT = 1 << 24;
  private static final int READ_WRITE = GuestMemory.PROT_READ | GuestMemory.PROT_WRITE;
  private static final int UNMAPPED = -1;

  /** A memory in pieces of {@code unit} bytes, and what all their pages must hold. */
  private record Guest(GuestMemory memory, int[] model, int unit) {
    static Guest empty(int unit) {
      int[] model = new int[PAGES];
      Arrays.fill(model, UNMAPPED);
      return new Guest(GuestMemory.reserve(LIMIT, true, false), model, unit);
    }

    boolean mapped(int from, int count) {
      for (int page = from; page < from + count; page++) {
        if (model[page] == UNMAPPED) {
          return false;
        }
      }
      return true;
    }

    Guest fork(boolean quiet) {
      Guest child = new Guest(GuestMemory.reserve(LIMIT, true, false), model.clone(), unit);
      MemoryFork fork = memory.fork(quiet);
      for (int page = 0; page < PAGES; page++) {
        int from = page;
        while (page < PAGES && model[page] != UNMAPPED) {
          page++;
        }
        if (page > from) {
          int length = (page - from) * unit;
          assertThat(fork.give(child.memory, (long) from * unit, length, READ_WRITE)).isZero();
        }
      }
      return child;
    }

    void check(String when) {
      for (int page = 0; page < PAGES; page++) {
        long address = (long) page * unit;
        int found = memory.isMapped(address) ? memory.load8(address) : UNMAPPED;
        assertThat(found).as("%s, page %d", when, page).isEqualTo(model[page]);
        if (found != UNMAPPED) {
          assertThat(memory.load8(address + unit - 1)).as(when).isEqualTo(model[page]);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {PAGE, 64 * PAGE})
  void agreesWithAModelThatCopiesEverything(int unit) {
    long seed = Long.getLong("fork.seed", System.nanoTime());
    Random random = new Random(seed);
    List<Guest> guests = new ArrayList<>(List.of(Guest.empty(unit)));
    for (int step = 0; step < 6000; step++) {
      Guest guest = guests.get(random.nextInt(guests.size()));
      String what = "unit " + unit + ", seed " + seed + ", step " + step;
      int from = random.nextInt(PAGES);
      int count = 1 + random.nextInt(Math.min(12, PAGES - from));
      switch (random.nextInt(9)) {
        case 0, 1 -> map(guest, from, count);
        case 2 -> {
          guest.memory.unmap((long) from * unit, (long) count * unit);
          Arrays.fill(guest.model, from, from + count, UNMAPPED);
        }
        case 3 -> move(guest, from, count, random.nextInt(PAGES - count + 1));
        case 4 -> {
          if (guest.mapped(from, count)) {
            guest.memory.discard((long) from * unit, (long) count * unit);
            Arrays.fill(guest.model, from, from + count, 0);
          }
        }
        case 5 -> {
          if (guests.size() < 6) {
            guests.add(guest.fork(random.nextBoolean()));
          } else {
            guests.remove(guest);
            guest.memory.close();
            continue;
          }
        }
        default -> write(guest, from, count, 1 + random.nextInt(255));
      }
      guest.check(what);
      if (step % 16 == 0) {
        guests.forEach(g -> g.check(what));
      }
    }
    guests.forEach(g -> g.memory.close());
  }

  private static void map(Guest guest, int from, int count) {
    long length = (long) count * guest.unit;
    assertThat(guest.memory.mapAnonymous((long) from * guest.unit, length, READ_WRITE)).isZero();
    Arrays.fill(guest.model, from, from + count, 0);
  }

  private static void write(Guest guest, int from, int count, int value) {
    for (int page = from; page < from + count; page++) {
      if (guest.model[page] != UNMAPPED) {
        long address = (long) page * guest.unit;
        for (long at = address; at < address + guest.unit; at += PAGE) {
          guest.memory.store8(at, value);
        }
        guest.memory.store8(address + guest.unit - 1, value);
        guest.model[page] = value;
      }
    }
  }

  private static void move(Guest guest, int from, int count, int to) {
    if (!guest.mapped(from, count) || from < to + count && to < from + count) {
      return;
    }
    guest.memory.move((long) from * guest.unit, (long) to * guest.unit, (long) count * guest.unit);
    System.arraycopy(guest.model, from, guest.model, to, count);
    Arrays.fill(guest.model, from, from + count, UNMAPPED);
  }

  /** More is written than is copied into a child, so the store takes pages back. */
  @Test
  void childrenSeeWhatWasWrittenSinceTheLastFork() {
    int pages = 2048;
    GuestMemory memory = GuestMemory.reserve(LIMIT, true, false);
    long length = (long) pages * PAGE;
    memory.mapAnonymous(0, length, READ_WRITE);
    for (int round = 1; round < 6; round++) {
      for (int page = 0; page < pages; page += round) {
        memory.store8((long) page * PAGE, round);
      }
      GuestMemory child = GuestMemory.reserve(LIMIT, true, false);
      MemoryFork fork = memory.fork(true);
      assertThat(fork.give(child, 0, length, READ_WRITE)).isZero();
      memory.store8(0, 99);
      for (int page = 0; page < pages; page++) {
        int expected = round;
        while (page % expected != 0) {
          expected--;
        }
        assertThat(child.load8((long) page * PAGE)).as("page %d", page).isEqualTo(expected);
      }
      child.close();
    }
    memory.close();
  }

  @Test
  void losesNoStoreOfThreadsThatRunMeanwhile() throws InterruptedException {
    int writers = 3;
    GuestMemory memory = GuestMemory.reserve(LIMIT, true, false);
    memory.mapAnonymous(0, (long) PAGES * PAGE, READ_WRITE);
    AtomicBoolean stop = new AtomicBoolean();
    List<Thread> threads = new ArrayList<>();
    List<Throwable> lost = new ArrayList<>();
    for (int writer = 0; writer < writers; writer++) {
      long slot = 64L * writer;
      Thread thread =
          new Thread(() -> {
            for (long n = 1; !stop.get(); n++) {
              for (int page = 0; page < PAGES; page++) {
                memory.store64((long) page * PAGE + slot, n);
              }
              for (int page = 0; page < PAGES; page++) {
                assertThat(memory.load64((long) page * PAGE + slot)).isEqualTo(n);
              }
            }
          });
      thread.setUncaughtExceptionHandler((t, problem) -> lost.add(problem));
      thread.start();
      threads.add(thread);
    }
    for (int round = 0; round < 150; round++) {
      GuestMemory child = GuestMemory.reserve(LIMIT, true, false);
      long before = memory.load64(0);
      MemoryFork fork = memory.fork(false);
      assertThat(fork.give(child, 0, (long) PAGES * PAGE, READ_WRITE)).isZero();
      long after = memory.load64(0);
      long seen = child.load64(0);
      assertThat(seen).isBetween(before, after);
      child.store64(0, -1);
      Thread.onSpinWait();
      assertThat(child.load64(0)).isEqualTo(-1);
      child.close();
    }
    stop.set(true);
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(lost).isEmpty();
    memory.close();
  }

  @Test
  void givesEverythingBackToTheHost() throws IOException {
    int files = stores();
    long length = LIMIT;
    GuestMemory memory = GuestMemory.reserve(LIMIT, true, false);
    memory.mapAnonymous(0, length, READ_WRITE);
    long most = 0;
    for (int round = 0; round < 12; round++) {
      for (long at = 0; at < length; at += PAGE) {
        memory.store8(at, round);
      }
      GuestMemory child = GuestMemory.reserve(LIMIT, true, false);
      assertThat(memory.fork(true).give(child, 0, length, READ_WRITE)).isZero();
      for (long at = 0; at < length; at += 2 * PAGE) {
        child.store8(at, 1);
        memory.store8(at, 2);
      }
      child.close();
      memory.mapAnonymous(0, length / 2, READ_WRITE);
      most = Math.max(most, stores() - files);
      assertThat(memory.load8(0)).isZero();
      assertThat(memory.load8(length / 2)).isEqualTo(2);
      assertThat(memory.load8(length / 2 + PAGE)).isEqualTo(round);
    }
    memory.close();
    assertThat(most).isEqualTo(1);
    assertThat(stores()).isEqualTo(files);
  }

  /** How many files of anonymous memory this process has open. */
  private static int stores() throws IOException {
    int count = 0;
    try (var entries = Files.list(Path.of("/proc/self/fd"))) {
      for (Path entry : entries.toList()) {
        try {
          count += Files.readSymbolicLink(entry).toString().startsWith("/memfd:v ") ? 1 : 0;
        } catch (IOException gone) {
          continue;
        }
      }
    }
    return count;
  }
}
