package dev.vestibule.cpu.fp;

import java.util.function.Consumer;

/**
 * One instruction to run on the oracle and its meaning in terms of this package.
 *
 * @param assembly for GNU as: target 0, operands 1, 2, 3 standing for A, B, C
 * @param vmx whether registers are VRs rather than VSRs and FPRs
 * @param single whether operands are singles, in single format unless {@code scalar}
 * @param scalar whether operands are in double format
 */
record Instruction(
    String assembly, boolean vmx, boolean single, boolean scalar, Consumer<Machine> model) {
  interface Scalar {
    long apply(FpEnv env, long a, long b, long c);
  }

  interface Lane {
    int apply(FpEnv env, int a, int b, int c);
  }

  interface VmxOperation {
    int apply(int a, int b, int c, boolean flush);
  }

  interface Condition {
    int apply(FpEnv env, long a, long b);
  }

  String mnemonic() {
    return assembly.substring(0, assembly.indexOf(' '));
  }

  /** An arithmetic instruction on doubles that writes FPRF. */
  static Instruction arithmetic(String assembly, Scalar operation) {
    return scalar(assembly, false, operation);
  }

  /** An arithmetic instruction with a result of single precision. */
  static Instruction arithmeticSingle(String assembly, Scalar operation) {
    return scalar(assembly, true, operation);
  }

  private static Instruction scalar(String assembly, boolean single, Scalar operation) {
    return new Instruction(
        assembly,
        false,
        single,
        true,
        m -> {
          m.env.control(m.fpscr);
          long result = operation.apply(m.env, m.a(0), m.b(0), m.c(0));
          if (!m.env.suppressed()) {
            m.setFpr(result);
          }
          int fprf = single ? FpClass.ofSingleInDouble(result) : FpClass.ofDouble(result);
          m.fpscr = Fpscr.arithmetic(m.fpscr, m.env.flags, fprf);
        });
  }

  /** fctiw and its kin. */
  static Instruction fpuConversion(String assembly, Scalar operation) {
    return new Instruction(
        assembly,
        false,
        false,
        true,
        m -> {
          m.env.control(m.fpscr);
          long result = operation.apply(m.env, m.a(0), m.b(0), m.c(0));
          if (!m.env.suppressed()) {
            m.setFpr(result);
          }
          m.fpscr = Fpscr.fpuConversion(m.fpscr, m.env.flags);
        });
  }

  /** xscvdpsxds and its kin. */
  static Instruction conversion(String assembly, Scalar operation) {
    return new Instruction(
        assembly,
        false,
        false,
        true,
        m -> {
          m.env.control(m.fpscr);
          long result = operation.apply(m.env, m.a(0), m.b(0), m.c(0));
          if (!m.env.suppressed()) {
            m.setFpr(result);
          }
          m.fpscr = Fpscr.conversion(m.fpscr, m.env.flags);
        });
  }

  /** xsmaxdp and xsmindp: exceptions only. */
  static Instruction raising(String assembly, Scalar operation) {
    return new Instruction(
        assembly,
        false,
        false,
        true,
        m -> {
          m.env.control(m.fpscr);
          long result = operation.apply(m.env, m.a(0), m.b(0), m.c(0));
          if (!m.env.suppressed()) {
            m.setFpr(result);
          }
          m.fpscr = Fpscr.raise(m.fpscr, m.env.flags);
        });
  }

  /** A scalar compare into CR field 0. */
  static Instruction comparison(String assembly, Condition operation) {
    return new Instruction(
        assembly,
        false,
        false,
        true,
        m -> {
          m.env.control(m.fpscr);
          int field = operation.apply(m.env, m.a(0), m.b(0));
          m.setField(0, field);
          m.fpscr = Fpscr.comparison(m.fpscr, m.env.flags, field);
        });
  }

  /** A vector instruction on two doublewords. */
  static Instruction vectorDouble(String assembly, Scalar operation) {
    return new Instruction(
        assembly,
        false,
        false,
        true,
        m -> {
          m.env.control(m.fpscr);
          long first = operation.apply(m.env, m.a(0), m.b(0), m.c(0));
          int flags = m.env.flags;
          long second = operation.apply(m.env, m.a(1), m.b(1), m.c(1));
          flags |= m.env.flags;
          m.allFlags = flags;
          if (!Fpscr.suppressesVector(m.fpscr, flags)) {
            m.registers[0] = first;
            m.registers[1] = second;
          }
          m.fpscr = Fpscr.raise(m.fpscr, flags);
        });
  }

  /** A vector instruction on four words. */
  static Instruction vectorSingle(String assembly, Lane operation) {
    return new Instruction(
        assembly,
        false,
        true,
        false,
        m -> {
          m.env.control(m.fpscr);
          int[] results = new int[4];
          int flags = 0;
          for (int i = 0; i < 4; i++) {
            results[i] = operation.apply(m.env, m.word(1, i), m.word(2, i), m.word(3, i));
            flags |= m.env.flags;
            m.allFlags = flags;
          }
          if (!Fpscr.suppressesVector(m.fpscr, flags)) {
            for (int i = 0; i < 4; i++) {
              m.setWord(i, results[i]);
            }
          }
          m.fpscr = Fpscr.raise(m.fpscr, flags);
        });
  }

  /** A vector compare with Rc = 1: CR field 6 says all or none. */
  static Instruction recording(Instruction compare) {
    return new Instruction(
        compare.assembly,
        compare.vmx,
        compare.single,
        compare.scalar,
        m -> {
          m.registers[0] = 0x1234;
          compare.model.accept(m);
          if (m.registers[0] == 0x1234) {
            // Suppressed: the register is the test's to restore, the CR field undefined.
            m.registers[0] = 0xAAAA_AAAA_AAAA_AAAAL;
            return;
          }
          long all = m.registers[0] & m.registers[1];
          long any = m.registers[0] | m.registers[1];
          m.setField(6, all == -1 ? 8 : any == 0 ? 2 : 0);
        });
  }

  /** A VMX instruction on four words. */
  static Instruction vmx(String assembly, VmxOperation operation) {
    return new Instruction(
        assembly,
        true,
        true,
        false,
        m -> {
          boolean flush = (m.vscr & 0x1_0000) != 0;
          for (int i = 0; i < 4; i++) {
            m.setWord(i, operation.apply(m.word(1, i), m.word(2, i), m.word(3, i), flush));
          }
        });
  }

  /** A VMX conversion that may saturate. */
  static Instruction saturating(String assembly, int scale, boolean signed) {
    return new Instruction(
        assembly,
        true,
        true,
        false,
        m -> {
          boolean flush = (m.vscr & 0x1_0000) != 0;
          for (int i = 0; i < 4; i++) {
            int b = m.word(2, i);
            long result =
                signed ? VmxLane.toSigned(b, scale, flush) : VmxLane.toUnsigned(b, scale, flush);
            m.setWord(i, (int) result);
            m.vscr |= (result & VmxLane.SATURATED) != 0 ? 1 : 0;
          }
        });
  }

  /** An instruction on the FPSCR or a CR field. */
  static Instruction control(String assembly, Consumer<Machine> model) {
    return new Instruction(assembly, false, false, true, model);
  }
}
