package dev.vestibule.handed;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vestibule.cpu.Cpu;
import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.profile.KernelProfile;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import javax.crypto.Cipher;
import javax.crypto.spec.ChaCha20ParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** __kernel_getrandom against the JDK's ChaCha20 and the protocol of include/vdso/getrandom.h. */
class RandomNumbersTest {
  private static final String NAME = "__kernel_getrandom";
  private static final long STATE = Caller.SCRATCH + 0x1000;
  private static final long OUT = Caller.SCRATCH + 0x2000;
  private static final int STOCK = 96;
  private static final int BLOCK = 64;

  static Stream<KernelProfile> profiles() throws Exception {
    return VdsoCallTest.profiles()
        .filter(profile -> profile.uname().linux().atLeast(VdsoCallTest.version("6.12")));
  }

  /** What the function must yield, by another implementation of the cipher. */
  private static final class Expected {
    private byte[] key;
    private byte[] stock = new byte[0];

    Expected(byte[] key) {
      this.key = key;
    }

    private byte[] stream(int counter, int blocks) throws Exception {
      Cipher cipher = Cipher.getInstance("ChaCha20");
      cipher.init(
          Cipher.ENCRYPT_MODE,
          new SecretKeySpec(key, "ChaCha20"),
          new ChaCha20ParameterSpec(new byte[12], counter));
      return cipher.doFinal(new byte[blocks * BLOCK]);
    }

    byte[] next(int length) throws Exception {
      byte[] out = new byte[length];
      int counter = 0;
      int done = 0;
      while (true) {
        int some = Math.min(stock.length, length - done);
        System.arraycopy(stock, 0, out, done, some);
        stock = Arrays.copyOfRange(stock, some, stock.length);
        done += some;
        if (done == length) {
          return out;
        }
        int blocks = (length - done) / BLOCK;
        if (blocks > 0) {
          System.arraycopy(stream(counter, blocks), 0, out, done, blocks * BLOCK);
          counter += blocks;
          done += blocks * BLOCK;
        }
        byte[] fresh = stream(counter, 2);
        counter += 2;
        stock = Arrays.copyOf(fresh, STOCK);
        key = Arrays.copyOfRange(fresh, STOCK, 2 * BLOCK);
      }
    }
  }

  private record World(Caller caller, Timekeeper time, HandedPages pages) implements AutoCloseable {
    static World of(KernelProfile profile) {
      Timekeeper time = new Timekeeper(profile, TimeSource.host());
      HandedPages pages = HandedPages.of(profile, time);
      if (pages == null) {
        throw new AssertionError("no pages");
      }
      return new World(new Caller(profile, pages, time), time, pages);
    }

    Caller.Result call(Cpu cpu, long buffer, long length, long flags, long state, long size) {
      return caller.call(cpu, NAME, buffer, length, flags, state, size);
    }

    void fill(long address, int length, int value) {
      for (int i = 0; i < length; i++) {
        caller.memory().store8(address + i, value);
      }
    }

    byte[] bytes(long address, int length) {
      byte[] bytes = new byte[length];
      for (int i = 0; i < length; i++) {
        bytes[i] = (byte) caller.memory().load8(address + i);
      }
      return bytes;
    }

    @Override
    public void close() {
      time.close();
      caller.close();
    }
  }

  private static byte[] key(int seed) {
    byte[] key = new byte[32];
    for (int i = 0; i < key.length; i++) {
      key[i] = (byte) (seed + 37 * i);
    }
    return key;
  }

  @ParameterizedTest
  @MethodSource("profiles")
  void yieldsTheCiphersStreamAndAsksForAKeyOnce(KernelProfile profile) throws Exception {
    try (World world = World.of(profile);
        Cpu cpu = world.caller.thread()) {
      world.caller.entropy = key(1);
      Expected expected = new Expected(key(1));
      int calls = 0;
      for (int length : new int[] {1, 16, 95, 96, 97, 64, 32, 128, 1000, 3, 191, 4}) {
        Caller.Result result = world.call(cpu, OUT, length, 0, STATE, 144);
        assertThat(result.value()).isEqualTo(length);
        assertThat(result.error()).isFalse();
        assertThat(result.syscalls()).hasSize(calls++ == 0 ? 1 : 0);
        assertThat(world.bytes(OUT, length)).as("%d", length).isEqualTo(expected.next(length));
        assertThat(world.bytes(OUT + length, 1)).containsExactly(0);
        world.fill(OUT, length, 0);
        assertThat(world.bytes(STATE + 137, 1)).containsExactly(0);
      }
      // What was handed out is forgotten.
      int used = world.bytes(STATE + 136, 1)[0];
      assertThat(world.bytes(STATE, used)).containsOnly(0);
      assertThat(world.bytes(STATE, STOCK))
          .endsWith(Arrays.copyOfRange(expected.stock, 0, expected.stock.length));

      // A new generation means a new key.
      world.caller.entropy = key(99);
      world.pages.data().put("rng_generation", 0x1_0000_0001L);
      assertThat(world.call(cpu, OUT, 40, 0, STATE, 144).syscalls())
          .containsExactly(List.of(359L, STATE + STOCK, 32L));
      assertThat(world.bytes(OUT, 40)).isEqualTo(new Expected(key(99)).next(40));
      // So does a state that was wiped, as by fork.
      world.fill(STATE, 144, 0);
      assertThat(world.call(cpu, OUT, 8, 0, STATE, 144).syscalls()).hasSize(1);
    }
  }

  @ParameterizedTest
  @MethodSource("profiles")
  void saysWhatStateItWantsAndLeavesTheRestToTheKernel(KernelProfile profile) {
    try (World world = World.of(profile);
        Cpu cpu = world.caller.thread()) {
      GuestMemory memory = world.caller.memory();
      world.fill(STATE, 80, 0x55);
      Caller.Result result = world.call(cpu, 0, 0, 0, STATE, -1);
      assertThat(result.value()).isZero();
      assertThat(result.error()).isFalse();
      assertThat(memory.load32(STATE)).isEqualTo(144);
      assertThat(memory.load32(STATE + 4)).isEqualTo(3);
      assertThat(memory.load32(STATE + 8)).isEqualTo(0x28);
      assertThat(world.bytes(STATE + 12, 52)).containsOnly(0);
      assertThat(world.bytes(STATE + 64, 16)).containsOnly(0x55);
      world.fill(STATE, 160, 0);

      long end = (STATE | profile.memory().pageSize() - 1) + 1;
      result = world.call(cpu, OUT, 8, 0, end - 143, 144);
      assertThat(result.error()).isTrue();
      assertThat(result.value()).isEqualTo(14);
      assertThat(result.syscalls()).isEmpty();
      assertThat(world.call(cpu, OUT, 0, 0, STATE, 144).value()).isZero();

      List<Long> asIs = List.of(359L, OUT, 8L);
      assertThat(world.call(cpu, OUT, 8, 8, STATE, 144).syscalls()).containsExactly(asIs);
      assertThat(world.call(cpu, OUT, 8, 0, STATE, 143).syscalls()).containsExactly(asIs);
      memory.store8(STATE + 137, 1);
      assertThat(world.call(cpu, OUT, 8, 0, STATE, 144).syscalls()).containsExactly(asIs);
      memory.store8(STATE + 137, 0);
      world.pages.data().put("rng_is_ready", 0);
      assertThat(world.call(cpu, OUT, 8, 0, STATE, 144).syscalls()).containsExactly(asIs);
      world.pages.data().put("rng_is_ready", 1);
      // A key that cannot be had: the state is as it was, the kernel decides.
      result = world.call(cpu, OUT, 8, 0, STATE, 144);
      assertThat(result.error()).isTrue();
      assertThat(result.syscalls()).containsExactly(List.of(359L, STATE + STOCK, 32L), asIs);
      assertThat(world.bytes(STATE + 128, 16)).containsOnly(0);
    }
  }
}
