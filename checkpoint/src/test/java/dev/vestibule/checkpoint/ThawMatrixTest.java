package dev.vestibule.checkpoint;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.freeze.FreezeRefusal;
import dev.vestibule.kernel.memory.HandedSet;
import dev.vestibule.profile.Architecture;
import dev.vestibule.profile.KernelProfile;
import dev.vestibule.profile.Profiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Does a program that was frozen under one kernel go on under each other as if nothing had
 * happened, and does its vDSO go the way that the decision table says? The program is
 * guests/programs/freeze.c, which looks at itself; it is frozen wherever it happens to be, in
 * handlers and system calls, and in the matrix always with a thread inside a vDSO function.
 */
class ThawMatrixTest {
  private static final int HOPS = Integer.getInteger("test.hops", 5);

  private final long seed = Long.getLong("test.seed", System.nanoTime());
  private final Random random = new Random(seed);

  @ParameterizedTest
  @EnumSource(Architecture.class)
  void goesOnUnderEveryKernel(Architecture architecture, @TempDir Path directory) throws Exception {
    List<String> kernels = Guest.kernels(architecture);
    boolean all = Boolean.getBoolean("test.whole-matrix");
    for (String from : kernels) {
      Path output = Files.createTempFile(directory, "output", "");
      Path stop = directory.resolve("stop");
      Path images = directory.resolve("images-" + from);
      Files.deleteIfExists(stop);
      try (Guest guest = Guest.start(from, "freeze", output, stop.toString())) {
        Thread.sleep(random.nextInt(40));
        freezeInsideVdso(guest, from, images, output);
      }
      for (String to : all ? kernels : some(kernels)) {
        String hop = from + " -> " + to + ", seed " + seed;
        Files.write(output, new byte[0]);
        Files.deleteIfExists(stop);
        try (Guest guest = Guest.thaw(images, to)) {
          check(hop, guest, images, ExpectedVdso.startedUnder(from), to);
          Thread.sleep(random.nextInt(20));
          Files.createFile(stop);
          assertThat(guest.await()).as(hop + ": " + Files.readString(output)).isZero();
        } catch (FreezeRefusal refusal) {
          assertThat(smaller(to, from)).as(hop + ": " + refusal.getMessage()).isTrue();
        }
      }
    }
  }

  /**
   * Freezes until a thread rests inside the vDSO, behind a function's first instruction, and the
   * images say so: in the loop that reads the clock this takes a few attempts.
   */
  private void freezeInsideVdso(Guest guest, String kernel, Path images, Path output)
      throws Exception {
    for (int attempt = 1; ; attempt++) {
      freeze(guest, images, output, true);
      if (!ExpectedVdso.hasClock(kernel) || FrozenPlaces.insideFunctions(images, kernel) > 0) {
        break;
      }
      assertThat(attempt).as("freezes under " + kernel + ", none in the vDSO").isLessThan(2000);
      FrozenPlaces.delete(images);
      Thread.sleep(random.nextInt(3)); // where there is one processor, nobody else may have run
    }
  }

  /** Holds each thawed process against what the decision table says; what images it has now. */
  private static Set<String> check(
      String hop, Guest guest, Path images, Set<String> from, String to) throws Exception {
    FrozenTree tree = FrozenTree.read(images);
    Set<String> now = from;
    for (int pid : tree.processes().keySet()) {
      Process process = requireNonNull(guest.machine().process(pid));
      List<HandedSet> before = FrozenPlaces.handed(tree, pid);
      now = ExpectedVdso.check(hop + ", process " + pid, process, before, from, to);
    }
    return now;
  }

  private List<String> some(List<String> kernels) {
    List<String> some = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      some.add(kernels.get(random.nextInt(kernels.size())));
    }
    return some;
  }

  /** Whether a kernel has less room or larger pages than the other one. */
  private static boolean smaller(String kernel, String than) throws Exception {
    KernelProfile.AddressSpace here = Profiles.load(kernel).memory();
    KernelProfile.AddressSpace there = Profiles.load(than).memory();
    return here.taskSize() < there.taskSize() || here.pageSize() > there.pageSize();
  }

  @ParameterizedTest
  @EnumSource(Architecture.class)
  void chainsOfHops(Architecture architecture, @TempDir Path directory) throws Exception {
    List<String> kernels =
        Guest.kernels(architecture).stream()
            .filter(name -> !name.contains("64k"))
            .filter(name -> name.contains("compat") || !name.startsWith("ppc-"))
            .toList();
    for (int chain = 0; chain < 3; chain++) {
      Path output = Files.createTempFile(directory, "output", "");
      Path stop = directory.resolve("stop" + chain);
      List<String> hops = new ArrayList<>(List.of(any(kernels)));
      Set<String> known = ExpectedVdso.startedUnder(hops.getFirst());
      Guest guest = Guest.start(hops.getFirst(), "freeze", output, stop.toString());
      try {
        for (int hop = 0; hop < HOPS; hop++) {
          Thread.sleep(random.nextInt(30));
          Path images = directory.resolve("images-" + chain + "-" + hop);
          freeze(guest, images, output, false);
          assertThat(guest.await()).as("killed after the freeze").isEqualTo(9);
          guest.close();
          hops.add(any(kernels));
          guest = Guest.thaw(images, hops.getLast());
          String so = "%s, seed %d".formatted(hops, seed);
          known = check(so, guest, images, known, hops.getLast());
        }
        Files.createFile(stop);
        assertThat(guest.await())
            .as("%s, seed %d: %s", hops, seed, Files.readString(output))
            .isZero();
      } finally {
        guest.close();
      }
    }
  }

  private static void freeze(Guest guest, Path images, Path output, boolean leaveRunning)
      throws Exception {
    try {
      guest.freeze(images, leaveRunning);
    } catch (FreezeRefusal refusal) {
      throw new AssertionError(Files.readString(output), refusal);
    }
  }

  private String any(List<String> kernels) {
    return kernels.get(random.nextInt(kernels.size()));
  }
}
