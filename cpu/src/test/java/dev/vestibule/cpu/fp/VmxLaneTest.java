package dev.vestibule.cpu.fp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

/** vexptefp, whose result in qemu 7.2 is wrong for most operands, against its definition. */
class VmxLaneTest {
  private static final int INFINITY = Float.floatToRawIntBits(Float.POSITIVE_INFINITY);

  @Test
  void powerOfIntegerIsExact() {
    for (int n = -149; n < 128; n++) {
      assertThat(exp2(n)).as("2^%d", n).isEqualTo((float) Math.scalb(1.0, n));
    }
    assertThat(exp2(128)).isEqualTo(Float.POSITIVE_INFINITY);
    assertThat(exp2(-151)).isZero();
    assertThat(VmxLane.exp2(0xFF80_0000, false)).isZero();
    assertThat(VmxLane.exp2(INFINITY, false)).isEqualTo(INFINITY);
    assertThat(VmxLane.exp2(0x7FA0_0001, false)).isEqualTo(0x7FE0_0001);
    assertThat(VmxLane.exp2(Float.floatToRawIntBits(-127), true)).isZero();
  }

  @Test
  void logarithmInvertsPower() {
    Operands operands = new Operands(5);
    for (int i = 0; i < 10_000; i++) {
      float x = operands.below(240 << 16) / 65536f - 120;
      float y = Float.intBitsToFloat(VmxLane.log2(Float.floatToRawIntBits(exp2(x)), false));
      assertThat(y).as("log2(2^%s)", x).isCloseTo(x, within(1e-5f + Math.ulp(x)));
    }
  }

  private static float exp2(float x) {
    return Float.intBitsToFloat(VmxLane.exp2(Float.floatToRawIntBits(x), false));
  }
}
