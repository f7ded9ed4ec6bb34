package dev.vestibule.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vestibule.profile.KernelProfile;
import dev.vestibule.profile.ProfileException;
import dev.vestibule.profile.Profiles;
import org.junit.jupiter.api.Test;

/** No host has 2^47 bytes for each process: a machine takes what it gets. */
final class WindowTest {
  @Test
  void addressSpacesShrinkToWhatTheHostHas() throws ProfileException {
    KernelProfile profile = Profiles.load("ppc64le-6.1");
    Machine.Settings d = Machine.Settings.defaults();
    Machine.Settings greedy =
        new Machine.Settings(
            d.mostTasks(),
            d.memoryLimit(),
            1L << 62,
            d.firstPid(),
            d.seed(),
            d.randomize(),
            d.nodeName(),
            d.debug(),
            d.diagnostics());
    try (Machine machine = Machine.builder(profile).settings(greedy).build()) {
      KernelProfile.AddressSpace memory = machine.addressSpace();
      assertThat(memory.taskSize()).isBetween(1L << 29, 1L << 46);
      assertThat(memory.stackTop()).isLessThanOrEqualTo(memory.taskSize());
      assertThat(memory.pieBase()).isLessThan(memory.taskSize());
    }
  }

  @Test
  void saysSoWhereThereIsNothing() throws ProfileException {
    KernelProfile profile = Profiles.load("ppc64le-6.1");
    assertThatThrownBy(() -> Machine.largestWindow(1L << 62, (size, count) -> false))
        .isInstanceOf(HostLimit.class)
        .hasMessageStartingWith("the host grants no address space for guests");
    assertThat(Machine.largestWindow(1L << 38, (size, count) -> size * count <= 1L << 36))
        .isEqualTo(1L << 32);
    assertThat(profile.memory().within(1L << 29).taskSize()).isEqualTo(1L << 29);
  }
}
