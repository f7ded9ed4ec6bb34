package dev.vestibule.cpu.fp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vestibule.cpu.fp.BigOracle.Exact;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Arithmetic against its definition in big integers, and the fast path against the exact one. */
class ArithmeticTest {
  private static final long SEED = Long.getLong("vestibule.seed", 20_260_401L);
  private static final int CASES = Integer.getInteger("vestibule.fp.cases", 40_000);

  private interface Operation {
    long apply(FpEnv env, long a, long c, long b);
  }

  private interface Definition {
    Exact apply(Exact a, Exact c, Exact b, boolean down);
  }

  private record Subject(Operation fast, Operation exact, Definition definition, boolean single) {}

  private static final Map<String, Subject> SUBJECTS = subjects();

  private static Map<String, Subject> subjects() {
    Map<String, Subject> all = new TreeMap<>();
    int d = Rounding.DOUBLE;
    int s = Rounding.SINGLE;
    Definition sum = (a, c, b, down) -> a.plus(b, down);
    Definition product = (a, c, b, down) -> a.times(c);
    Definition quotient = (a, c, b, down) -> a.over(b);
    Definition root = (a, c, b, down) -> a.root();
    Definition fused = (a, c, b, down) -> a.times(c).plus(b, down);
    all.put(
        "add",
        new Subject(
            (e, a, c, b) -> Arithmetic.add(e, a, b),
            (e, a, c, b) -> ExactArithmetic.add(e, a, b, d),
            sum,
            false));
    all.put(
        "addSingle",
        new Subject(
            (e, a, c, b) -> Arithmetic.addSingle(e, a, b),
            (e, a, c, b) -> ExactArithmetic.add(e, a, b, s),
            sum,
            true));
    all.put(
        "mul",
        new Subject(
            (e, a, c, b) -> Arithmetic.mul(e, a, c),
            (e, a, c, b) -> ExactArithmetic.mul(e, a, c, d),
            product,
            false));
    all.put(
        "mulSingle",
        new Subject(
            (e, a, c, b) -> Arithmetic.mulSingle(e, a, c),
            (e, a, c, b) -> ExactArithmetic.mul(e, a, c, s),
            product,
            true));
    all.put(
        "div",
        new Subject(
            (e, a, c, b) -> Arithmetic.div(e, a, b),
            (e, a, c, b) -> ExactArithmetic.div(e, a, b, d),
            quotient,
            false));
    all.put(
        "divSingle",
        new Subject(
            (e, a, c, b) -> Arithmetic.divSingle(e, a, b),
            (e, a, c, b) -> ExactArithmetic.div(e, a, b, s),
            quotient,
            true));
    all.put(
        "sqrt",
        new Subject(
            (e, a, c, b) -> Arithmetic.sqrt(e, a),
            (e, a, c, b) -> ExactArithmetic.sqrt(e, a, d),
            root,
            false));
    all.put(
        "sqrtSingle",
        new Subject(
            (e, a, c, b) -> Arithmetic.sqrtSingle(e, a),
            (e, a, c, b) -> ExactArithmetic.sqrt(e, a, s),
            root,
            true));
    all.put(
        "madd",
        new Subject(
            Arithmetic::madd, (e, a, c, b) -> ExactArithmetic.madd(e, a, c, b, d), fused, false));
    all.put(
        "maddSingle",
        new Subject(
            Arithmetic::maddSingle,
            (e, a, c, b) -> ExactArithmetic.madd(e, a, c, b, s),
            fused,
            true));
    all.put(
        "roundToSingle",
        new Subject(
            (e, a, c, b) -> Arithmetic.roundToSingle(e, a),
            (e, a, c, b) ->
                Bits.isNan(a) || Bits.isInfinite(a) || Bits.isZero(a)
                    ? Arithmetic.roundToSingle(e, a)
                    : exactly(e, a),
            (a, c, b, down) -> a,
            true));
    return all;
  }

  private static long exactly(FpEnv env, long a) {
    env.flags = 0;
    return ExactArithmetic.repack(env, a, Rounding.SINGLE);
  }

  /** The product near -b, so that a multiply-add cancels. */
  private static long cancelling(Operands operands, long a, long c) {
    double product = Double.longBitsToDouble(a) * Double.longBitsToDouble(c);
    return operands.near(Double.doubleToRawLongBits(product)) ^ Bits.SIGN;
  }

  @Test
  void fastPathEqualsExactPath() {
    FpEnv env = new FpEnv();
    SUBJECTS.forEach((name, subject) -> {
      Operands operands = new Operands(SEED ^ name.hashCode());
      for (int i = 0; i < 10 * CASES; i++) {
        long a = operands.any();
        long c = operands.below(3) == 0 ? operands.near(a) : operands.any();
        long b =
            switch (operands.below(4)) {
              case 0 -> operands.near(a);
              case 1 -> cancelling(operands, a, c);
              default -> operands.any();
            };
        env.enables = operands.below(4) == 0 ? operands.below(32) << 3 : 0;
        long fast = subject.fast.apply(env, a, c, b);
        int fastFlags = env.flags;
        long exact = subject.exact.apply(env, a, c, b);
        if (fast != exact || fastFlags != env.flags) {
          assertThat(show(fast, fastFlags))
              .as("%s a=%x c=%x b=%x, seed %d", name, a, c, b, SEED)
              .isEqualTo(show(exact, env.flags));
        }
      }
    });
  }

  @Test
  void exactPathFollowsTheDefinition() {
    FpEnv env = new FpEnv();
    SUBJECTS.forEach((name, subject) -> {
      Operands operands = new Operands(SEED + name.hashCode());
      for (int i = 0; i < CASES / 4; i++) {
        long a = operands.finite();
        long c = operands.below(3) == 0 ? operands.near(a) : operands.finite();
        long b =
            switch (operands.below(4)) {
              case 0 -> operands.near(a);
              case 1 -> cancelling(operands, a, c);
              default -> operands.finite();
            };
        if (!finite(b) || !finite(c) || name.startsWith("div") && Bits.isZero(b)) {
          continue;
        }
        if (name.startsWith("sqrt")) {
          a &= Long.MAX_VALUE;
        }
        env.rounding = operands.below(5);
        env.enables = operands.below(3) == 0 ? operands.below(32) << 3 : 0;
        if (subject.single && env.enables != 0) {
          // An adjusted exponent is defined for single operands only.
          a = Conversion.singleToDouble(Conversion.doubleToSingle(a));
          b = Conversion.singleToDouble(Conversion.doubleToSingle(b));
          c = Conversion.singleToDouble(Conversion.doubleToSingle(c));
          if (!finite(a) || !finite(b) || !finite(c)) {
            continue;
          }
          if (name.startsWith("div") && Bits.isZero(b)) {
            continue;
          }
        }
        long bits = subject.fast.apply(env, a, c, b);
        Exact exact =
            subject.definition.apply(
                Exact.of(a), Exact.of(c), Exact.of(b), env.rounding == FpEnv.DOWNWARD);
        BigOracle.Result expected =
            BigOracle.round(exact, subject.single, env.rounding, env.enables);
        if (bits != expected.bits() || env.flags != expected.flags()) {
          assertThat(show(bits, env.flags))
              .as(
                  "%s a=%x c=%x b=%x rounding %d enables %x, seed %d",
                  name, a, c, b, env.rounding, env.enables, SEED)
              .isEqualTo(show(expected.bits(), expected.flags()));
        }
      }
    });
  }

  private static boolean finite(long bits) {
    return Bits.biased(bits) != 0x7FF;
  }

  private static String show(long bits, int flags) {
    return "%016x flags %08x".formatted(bits, flags);
  }
}
