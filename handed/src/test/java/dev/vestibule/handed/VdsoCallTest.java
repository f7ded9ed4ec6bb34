package dev.vestibule.handed;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vestibule.cpu.Cpu;
import dev.vestibule.profile.KernelProfile;
import dev.vestibule.profile.KernelProfile.TimeForm;
import dev.vestibule.profile.Profiles;
import dev.vestibule.profile.Version;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class VdsoCallTest {
  private static final long OUT = Caller.SCRATCH;
  private static final long OUT2 = Caller.SCRATCH + 64;
  private static final int CALLS = 20_000;

  static Stream<KernelProfile> profiles() throws Exception {
    List<KernelProfile> profiles = new ArrayList<>();
    for (String name : Profiles.names()) {
      KernelProfile profile = Profiles.load(name);
      if (profile.vdso().present()) {
        profiles.add(profile);
      }
    }
    return profiles.stream();
  }

  private static final class World implements AutoCloseable {
    final KernelProfile profile;
    final Timekeeper time;
    final HandedPages pages;
    final Caller caller;
    final Cpu cpu;

    World(KernelProfile profile, TimeSource source) {
      this.profile = profile;
      time = new Timekeeper(profile, source);
      HandedPages made = HandedPages.of(profile, time);
      if (made == null) {
        throw new AssertionError("no pages");
      }
      pages = made;
      caller = new Caller(profile, pages, time);
      cpu = caller.thread();
    }

    boolean has(String function) {
      return pages.image().functions().containsKey(function);
    }

    boolean wide() {
      return profile.architecture().is64();
    }

    long word(long address) {
      return wide()
          ? caller.memory().load64(address)
          : caller.memory().load32(address) & 0xffff_ffffL;
    }

    /** A timespec or timeval in nanoseconds. */
    long pair(long address, long unit) {
      return word(address) * 1_000_000_000L + word(address + (wide() ? 8 : 4)) * unit;
    }

    @Override
    public void close() {
      time.close();
      caller.close();
    }
  }

  private static final List<Integer> CLOCKS =
      List.of(
          Timekeeper.CLOCK_REALTIME,
          Timekeeper.CLOCK_MONOTONIC,
          Timekeeper.CLOCK_MONOTONIC_RAW,
          Timekeeper.CLOCK_REALTIME_COARSE,
          Timekeeper.CLOCK_MONOTONIC_COARSE,
          Timekeeper.CLOCK_BOOTTIME,
          Timekeeper.CLOCK_TAI);

  private static boolean generic(KernelProfile profile) {
    return profile.data().form() == TimeForm.GENERIC;
  }

  static Version version(String text) {
    Version version = Version.parse(text);
    if (version == null) {
      throw new AssertionError(text);
    }
    return version;
  }

  private static boolean since(KernelProfile profile, int major, int minor) {
    return profile.uname().linux().atLeast(new Version(major, minor, 0));
  }

  /** The clocks that a kernel's __kernel_clock_gettime reads without a system call. */
  private static List<Integer> served(KernelProfile profile) {
    if (generic(profile)) {
      return CLOCKS;
    }
    boolean coarse = profile.architecture().is64() ? since(profile, 4, 16) : since(profile, 5, 6);
    return coarse ? List.of(0, 1, 5, 6) : List.of(0, 1);
  }

  /** System call, vDSO, system call: never back in time, to the nanosecond, in any thread. */
  @ParameterizedTest
  @MethodSource("profiles")
  void timeLiesBetweenTheSystemCallsBeforeAndAfter(KernelProfile profile) throws Exception {
    try (World world = new World(profile, TimeSource.host())) {
      AtomicReference<Throwable> failure = new AtomicReference<>();
      List<Thread> threads = new ArrayList<>();
      for (int t = 0; t < 3; t++) {
        long out = OUT + 1024L * t;
        Thread thread =
            new Thread(() -> {
              try {
                sandwich(world, out);
              } catch (Throwable e) {
                failure.compareAndSet(null, e);
              }
            });
        threads.add(thread);
        thread.start();
      }
      for (Thread thread : threads) {
        thread.join();
      }
      assertThat(failure.get()).isNull();
    }
  }

  private static void sandwich(World world, long out) {
    List<Integer> clocks = world.has("__kernel_clock_gettime") ? served(world.profile) : List.of();
    try (Cpu cpu = world.caller.thread()) {
      for (int i = 0; i < CALLS; i++) {
        int clock = -1;
        long before;
        long between;
        long after;
        if (!clocks.isEmpty() && i % 2 == 0) {
          clock = clocks.get(i / 2 % clocks.size());
          before = world.time.nanos(clock);
          Caller.Result result = world.caller.call(cpu, "__kernel_clock_gettime", clock, out);
          assertThat(result.syscalls()).isEmpty();
          between = world.pair(out, 1);
          after = world.time.nanos(clock);
        } else {
          before = world.time.micros() * 1000;
          world.caller.call(cpu, "__kernel_gettimeofday", out, 0);
          between = world.pair(out, 1000);
          after = world.time.micros() * 1000;
        }
        if (between < before || between > after) {
          throw new AssertionError(clock + ": " + before + " <= " + between + " <= " + after);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("profiles")
  void clocksThatAreNotServedGoToTheKernelWithTheirArguments(KernelProfile profile) {
    try (World world = new World(profile, TimeSource.host())) {
      if (!world.has("__kernel_clock_gettime")) {
        return;
      }
      long negative = world.wide() ? -2 : 0xffff_fffeL;
      List<Long> ids = new ArrayList<>(List.of(2L, 3L, 8L, 9L, 10L, 12L, 16L, negative));
      for (int clock : CLOCKS) {
        if (!served(profile).contains(clock)) {
          ids.add((long) clock);
        }
      }
      for (long clock : ids) {
        Caller.Result result = world.caller.call(world.cpu, "__kernel_clock_gettime", clock, OUT);
        assertThat(result.syscalls()).containsExactly(List.of(246L, clock, OUT));
        assertThat(result.error()).isTrue();
        assertThat(result.value()).isEqualTo(22);
        result = world.caller.call(world.cpu, "__kernel_clock_getres", clock, OUT);
        assertThat(result.syscalls()).containsExactly(List.of(247L, clock, OUT));
        if (world.has("__kernel_clock_gettime64")) {
          result = world.caller.call(world.cpu, "__kernel_clock_gettime64", clock, OUT);
          assertThat(result.syscalls()).containsExactly(List.of(403L, clock, OUT));
        }
      }
      if (generic(profile)) {
        world.pages.data().put("clock_mode", 0);
        Caller.Result result = world.caller.call(world.cpu, "__kernel_gettimeofday", OUT, OUT2);
        assertThat(result.syscalls()).containsExactly(List.of(78L, OUT, OUT2));
      }
    }
  }

  /** On a clock that stands still every function says the same. */
  @ParameterizedTest
  @MethodSource("profiles")
  void functionsAgreeOnOneMoment(KernelProfile profile) {
    Instant start = Instant.parse("2005-06-17T19:48:29.123456789Z");
    long second = start.getEpochSecond();
    try (World world = new World(profile, TimeSource.stepped(start, 0))) {
      world.time.setRealtime(second * 1_000_000_000L + 123_456_789);
      world.pages.data().setTimeZone(-60, 1);
      Caller.Result result = world.caller.call(world.cpu, "__kernel_gettimeofday", OUT, OUT2);
      assertThat(result).isEqualTo(new Caller.Result(0, result.low(), false, List.of()));
      assertThat(world.word(OUT)).isEqualTo(second);
      assertThat(world.word(OUT + (world.wide() ? 8 : 4))).isBetween(123_455L, 123_456L);
      assertThat(world.caller.memory().load32(OUT2)).isEqualTo(-60);
      assertThat(world.caller.memory().load32(OUT2 + 4)).isEqualTo(1);
      assertThat(world.time.micros()).isEqualTo(world.pair(OUT, 1000) / 1000);
      if (since(profile, 2, 7) || profile.uname().linux().patch() >= 25) {
        // Older kernels' code stored the time even to address 0.
        result = world.caller.call(world.cpu, "__kernel_gettimeofday", 0, OUT2);
        assertThat(result.error()).isFalse();
      }
      if (world.has("__kernel_time")) {
        assertThat(world.caller.call(world.cpu, "__kernel_time", OUT).value()).isEqualTo(second);
        assertThat(world.word(OUT)).isEqualTo(second);
        assertThat(world.caller.call(world.cpu, "__kernel_time", 0).value()).isEqualTo(second);
      }
      if (!world.has("__kernel_clock_gettime")) {
        return;
      }
      for (int clock : served(profile)) {
        world.caller.call(world.cpu, "__kernel_clock_gettime", clock, OUT);
        assertThat(world.pair(OUT, 1)).as("clock %d", clock).isEqualTo(world.time.nanos(clock));
      }
      world.caller.call(world.cpu, "__kernel_clock_getres", 1, OUT);
      assertThat(world.pair(OUT, 1)).isEqualTo(profile.time().resolutionNanos());
      result = world.caller.call(world.cpu, "__kernel_clock_getres", 0, 0);
      assertThat(result).isEqualTo(new Caller.Result(0, result.low(), false, List.of()));
      if (generic(profile)) {
        world.caller.call(world.cpu, "__kernel_clock_getres", 5, OUT);
        assertThat(world.pair(OUT, 1)).isEqualTo(profile.time().coarseNanos());
      }
      if (world.has("__kernel_clock_gettime64")) {
        world.caller.call(world.cpu, "__kernel_clock_gettime64", 0, OUT);
        assertThat(world.caller.memory().load64(OUT)).isEqualTo(second);
        assertThat(world.caller.memory().load64(OUT + 8))
            .isEqualTo(world.time.realtime() % 1_000_000_000L);
      }
    }
  }

  /** Long silence between two updates: several seconds must be carried. */
  @ParameterizedTest
  @MethodSource("profiles")
  void timeIsRightLongAfterAnUpdate(KernelProfile profile) {
    long[] now = {5_000_000_000L};
    TimeSource jumping =
        new TimeSource() {
          @Override
          public long nanos() {
            return now[0];
          }

          @Override
          public long peek() {
            return now[0];
          }

          @Override
          public long epochNanos() {
            return 1_700_000_000_999_999_999L + now[0];
          }

          @Override
          public long hostNanosFor(long nanos) {
            return nanos;
          }

          @Override
          public boolean flows() {
            return false;
          }
        };
    try (World world = new World(profile, jumping)) {
      for (long step : new long[] {1, 999_999_999, 3_700_000_000L, 7_123_456_789L}) {
        now[0] += step;
        world.caller.call(world.cpu, "__kernel_gettimeofday", OUT, 0);
        long expected = world.time.micros() * 1000; // also renews the page
        assertThat(world.pair(OUT, 1000)).isBetween(expected - 1000, expected + 1000);
        assertThat(Math.abs(expected - jumping.epochNanos())).isLessThan(6000);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("profiles")
  void theRestTellsOfTheMachine(KernelProfile profile) {
    try (World world = new World(profile, TimeSource.host())) {
      world.pages.data().setSyscalls(!world.wide(), n -> n % 3 == 0);
      Caller.Result result = world.caller.call(world.cpu, "__kernel_get_syscall_map", OUT);
      assertThat(world.caller.memory().load32(OUT)).isEqualTo(profile.syscalls().count());
      for (int n = 0; n < profile.syscalls().count(); n++) {
        int word = world.caller.memory().load32(result.value() + 4L * (n >> 5));
        assertThat((word & 0x8000_0000 >>> (n & 31)) != 0).as("call %d", n).isEqualTo(n % 3 == 0);
      }
      assertThat(world.caller.call(world.cpu, "__kernel_get_syscall_map", 0).value())
          .isEqualTo(result.value());
      result = world.caller.call(world.cpu, "__kernel_sync_dicache", OUT + 3, OUT + 1000);
      assertThat(result.value()).isZero();
      assertThat(world.caller.call(world.cpu, "__kernel_sync_dicache", OUT, OUT).syscalls())
          .isEmpty();
      if (world.has("__kernel_get_tbfreq")) {
        result = world.caller.call(world.cpu, "__kernel_get_tbfreq");
        long hz = world.wide() ? result.value() : result.value() << 32 | result.low();
        assertThat(hz).isEqualTo(profile.cpu().timebaseHz());
      }
      if (world.has("__kernel_getcpu")) {
        boolean several = profile.kernelBits() == 64;
        world.cpu.setSlot(dev.vestibule.cpu.power.PowerState.SPRG_VDSO, 3 << 16 | 5);
        result = world.caller.call(world.cpu, "__kernel_getcpu", OUT, OUT + 4);
        assertThat(result.value()).isZero();
        assertThat(result.error()).isFalse();
        assertThat(world.caller.memory().load32(OUT)).isEqualTo(several ? 5 : 0);
        assertThat(world.caller.memory().load32(OUT + 4)).isEqualTo(several ? 3 : 0);
        assertThat(world.caller.call(world.cpu, "__kernel_getcpu", 0, 0).value()).isZero();
      }
    }
  }

  /**
   * The example in docs/writing-profiles.md does what it says: the page lies in front, the code
   * finds it.
   */
  @Test
  void theDocumentedExampleRuns(@TempDir Path dir) throws Exception {
    List<String> example =
        Files.readAllLines(Path.of("../docs/writing-profiles.md")).stream()
            .dropWhile(line -> !line.startsWith("    inherits"))
            .takeWhile(line -> line.isEmpty() || line.startsWith("    "))
            .map(String::stripLeading)
            .toList();
    Path file = Files.write(dir.resolve("example.toml"), example);
    KernelProfile profile = Profiles.load(file.toString());
    assertThat(profile.areas()).hasSize(1);
    try (World world = new World(profile, TimeSource.host())) {
      HandedPages.Mapping mapping = world.caller.mapping;
      assertThat(mapping.vdso()).isEqualTo(mapping.start() + profile.memory().pageSize());
      assertThat(world.caller.memory().load32(mapping.vdso())).isEqualTo(0x464c457f);
      sandwich(world, OUT);
    }
  }
}
