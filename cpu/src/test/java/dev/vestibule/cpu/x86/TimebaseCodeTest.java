package dev.vestibule.cpu.x86;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.vestibule.host.CounterClock;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;
import java.math.BigInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Machine code against the same arithmetic in whole numbers of any size. */
class TimebaseCodeTest {
  private static final long ASKED = -1;

  private CodeMemory memory;
  private final long cell = HostMemory.allocate(8);
  private final long record = HostMemory.allocate(24);

  @BeforeEach
  void reserve() {
    memory = CodeMemory.reserve(1 << 20, false);
    assumeTrue(memory != null && System.getProperty("os.arch").equals("amd64"), "no machine code");
  }

  @AfterEach
  void free() {
    if (memory != null) {
      memory.close();
    }
    HostMemory.free(cell);
    HostMemory.free(record);
  }

  private long timebase(long ticksPerSecond) {
    Assembler a = new Assembler();
    Assembler.Label ask = new Assembler.Label();
    TimebaseCode.emit(a, cell, ticksPerSecond, ask);
    a.ret();
    a.bind(ask);
    a.constant(Assembler.RAX, ASKED);
    a.ret();
    return Libc.call(memory.address(memory.append(a.bytes(), a.size())), 0, 0);
  }

  private long counter() {
    Assembler a = new Assembler();
    TimebaseCode.emitCounter(a);
    a.ret();
    return Libc.call(memory.address(memory.append(a.bytes(), a.size())), 0, 0);
  }

  private void line(long count, long nanos, long slope) {
    HostMemory.putSlot(record + CounterClock.COUNT, count);
    HostMemory.putSlot(record + CounterClock.NANOS, nanos);
    HostMemory.putSlot(record + CounterClock.SLOPE, slope);
    HostMemory.putSlotVolatile(cell, record);
  }

  private static long expected(long counts, long nanos, long slope, long ticksPerSecond) {
    return BigInteger.valueOf(counts)
        .multiply(BigInteger.valueOf(slope))
        .shiftRight(32)
        .add(BigInteger.valueOf(nanos))
        .multiply(BigInteger.valueOf(ticksPerSecond))
        .divide(BigInteger.valueOf(1_000_000_000))
        .longValueExact();
  }

  @Test
  void withoutALineSomebodyIsAsked() {
    assertThat(timebase(512_000_000)).isEqualTo(ASKED);
  }

  @ParameterizedTest
  @ValueSource(longs = {512_000_000, 33_333_333, 1_000_000_000, 4_000_000_000L})
  void ticksLieOnTheLineBetweenTheCountsBeforeAndAfter(long ticksPerSecond) {
    long start = counter() - 3_000_000_000_000L;
    long nanos = 86_400_000_000_000L;
    for (long slope : new long[] {1, 0x3fff_ffffL, 1_652_000_000L, 1L << 32, 37L << 32}) {
      line(start, nanos, slope);
      long before = counter();
      long read = timebase(ticksPerSecond);
      long after = counter();
      assertThat(read)
          .isBetween(
              expected(before - start, nanos, slope, ticksPerSecond),
              expected(after - start, nanos, slope, ticksPerSecond));
    }
  }

  /** Processors' counters may differ by a little, so that a line begins in another one's future. */
  @Test
  void countsBeforeTheLinesBeginningAreNegative() {
    long start = counter() + 4_000_000_000_000L;
    line(start, 9_000_000_000_000L, 1L << 31);
    long before = counter();
    long read = timebase(1_000_000_000);
    assertThat(read)
        .isBetween(
            expected(before - start, 9_000_000_000_000L, 1L << 31, 1_000_000_000),
            9_000_000_000_000L);
  }
}
