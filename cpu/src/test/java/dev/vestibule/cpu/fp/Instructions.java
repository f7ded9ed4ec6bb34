package dev.vestibule.cpu.fp;

import static dev.vestibule.cpu.fp.Instruction.arithmetic;
import static dev.vestibule.cpu.fp.Instruction.arithmeticSingle;
import static dev.vestibule.cpu.fp.Instruction.comparison;
import static dev.vestibule.cpu.fp.Instruction.control;
import static dev.vestibule.cpu.fp.Instruction.conversion;
import static dev.vestibule.cpu.fp.Instruction.fpuConversion;
import static dev.vestibule.cpu.fp.Instruction.raising;
import static dev.vestibule.cpu.fp.Instruction.recording;
import static dev.vestibule.cpu.fp.Instruction.saturating;
import static dev.vestibule.cpu.fp.Instruction.vectorDouble;
import static dev.vestibule.cpu.fp.Instruction.vectorSingle;
import static dev.vestibule.cpu.fp.Instruction.vmx;

import java.util.ArrayList;
import java.util.List;

/** Which instructions are compared with the oracle, and what does this package say they do? */
final class Instructions {
  private static final int AWAY = FpEnv.NEAREST_AWAY;
  private static final int ZERO = FpEnv.TOWARD_ZERO;
  private static final int UP = FpEnv.UPWARD;
  private static final int DOWN = FpEnv.DOWNWARD;

  private Instructions() {}

  static List<Instruction> all() {
    List<Instruction> all = new ArrayList<>();
    fpuArithmetic(all);
    fpuConversions(all);
    fpscr(all);
    vsxScalar(all);
    vsxScalarConversions(all);
    vsxDouble(all);
    vsxSingle(all);
    vsxVectorConversions(all);
    vmxArithmetic(all);
    return all;
  }

  private static void fpuArithmetic(List<Instruction> all) {
    all.add(arithmetic("fadd 0,1,2", (e, a, b, c) -> Arithmetic.add(e, a, b)));
    all.add(arithmetic("fsub 0,1,2", (e, a, b, c) -> Arithmetic.sub(e, a, b)));
    all.add(arithmetic("fmul 0,1,3", (e, a, b, c) -> Arithmetic.mul(e, a, c)));
    all.add(arithmetic("fdiv 0,1,2", (e, a, b, c) -> Arithmetic.div(e, a, b)));
    all.add(arithmetic("fsqrt 0,2", (e, a, b, c) -> Arithmetic.sqrt(e, b)));
    all.add(arithmetic("fmadd 0,1,3,2", (e, a, b, c) -> Arithmetic.madd(e, a, c, b)));
    all.add(arithmetic("fmsub 0,1,3,2", (e, a, b, c) -> Arithmetic.msub(e, a, c, b)));
    all.add(arithmetic("fnmadd 0,1,3,2", (e, a, b, c) -> Arithmetic.nmadd(e, a, c, b)));
    all.add(arithmetic("fnmsub 0,1,3,2", (e, a, b, c) -> Arithmetic.nmsub(e, a, c, b)));
    all.add(arithmeticSingle("fadds 0,1,2", (e, a, b, c) -> Arithmetic.addSingle(e, a, b)));
    all.add(arithmeticSingle("fsubs 0,1,2", (e, a, b, c) -> Arithmetic.subSingle(e, a, b)));
    all.add(arithmeticSingle("fmuls 0,1,3", (e, a, b, c) -> Arithmetic.mulSingle(e, a, c)));
    all.add(arithmeticSingle("fdivs 0,1,2", (e, a, b, c) -> Arithmetic.divSingle(e, a, b)));
    all.add(arithmeticSingle("fsqrts 0,2", (e, a, b, c) -> Arithmetic.sqrtSingle(e, b)));
    all.add(arithmeticSingle("fmadds 0,1,3,2", (e, a, b, c) -> Arithmetic.maddSingle(e, a, c, b)));
    all.add(arithmeticSingle("fmsubs 0,1,3,2", (e, a, b, c) -> Arithmetic.msubSingle(e, a, c, b)));
    all.add(
        arithmeticSingle("fnmadds 0,1,3,2", (e, a, b, c) -> Arithmetic.nmaddSingle(e, a, c, b)));
    all.add(
        arithmeticSingle("fnmsubs 0,1,3,2", (e, a, b, c) -> Arithmetic.nmsubSingle(e, a, c, b)));
    all.add(arithmetic("fre 0,2", (e, a, b, c) -> Estimate.reciprocal(e, b)));
    all.add(arithmeticSingle("fres 0,2", (e, a, b, c) -> Estimate.reciprocalSingle(e, b)));
    all.add(arithmetic("frsqrte 0,2", (e, a, b, c) -> Estimate.reciprocalRoot(e, b)));
    all.add(arithmeticSingle("frsqrtes 0,2", (e, a, b, c) -> Estimate.reciprocalRootSingle(e, b)));
    all.add(comparison("fcmpu 0,1,2", Comparison::unordered));
    all.add(comparison("fcmpo 0,1,2", Comparison::ordered));
    all.add(control("ftdiv 0,1,2", m -> m.setField(0, Estimate.testDivide(m.a(0), m.b(0)))));
    all.add(control("ftsqrt 0,2", m -> m.setField(0, Estimate.testRoot(m.b(0)))));
  }

  private static void fpuConversions(List<Instruction> all) {
    all.add(
        new Instruction(
            "frsp 0,2",
            false,
            false,
            true,
            arithmeticSingle("frsp 0,2", (e, a, b, c) -> Arithmetic.roundToSingle(e, b)).model()));
    all.add(fpuConversion("fctiw 0,2", (e, a, b, c) -> Conversion.toInt32(e, b, e.rounding)));
    all.add(fpuConversion("fctiwz 0,2", (e, a, b, c) -> Conversion.toInt32(e, b, ZERO)));
    all.add(fpuConversion("fctiwu 0,2", (e, a, b, c) -> Conversion.toUint32(e, b, e.rounding)));
    all.add(fpuConversion("fctiwuz 0,2", (e, a, b, c) -> Conversion.toUint32(e, b, ZERO)));
    all.add(fpuConversion("fctid 0,2", (e, a, b, c) -> Conversion.toInt64(e, b, e.rounding)));
    all.add(fpuConversion("fctidz 0,2", (e, a, b, c) -> Conversion.toInt64(e, b, ZERO)));
    all.add(fpuConversion("fctidu 0,2", (e, a, b, c) -> Conversion.toUint64(e, b, e.rounding)));
    all.add(fpuConversion("fctiduz 0,2", (e, a, b, c) -> Conversion.toUint64(e, b, ZERO)));
    all.add(arithmetic("fcfid 0,2", (e, a, b, c) -> Conversion.fromInt64(e, b)));
    all.add(arithmetic("fcfidu 0,2", (e, a, b, c) -> Conversion.fromUint64(e, b)));
    all.add(arithmetic("fcfids 0,2", (e, a, b, c) -> Conversion.fromInt64Single(e, b)));
    all.add(arithmetic("fcfidus 0,2", (e, a, b, c) -> Conversion.fromUint64Single(e, b)));
    all.add(arithmetic("frin 0,2", (e, a, b, c) -> Conversion.roundToIntegral(e, b, AWAY)));
    all.add(arithmetic("friz 0,2", (e, a, b, c) -> Conversion.roundToIntegral(e, b, ZERO)));
    all.add(arithmetic("frip 0,2", (e, a, b, c) -> Conversion.roundToIntegral(e, b, UP)));
    all.add(arithmetic("frim 0,2", (e, a, b, c) -> Conversion.roundToIntegral(e, b, DOWN)));
  }

  private static void fpscr(List<Instruction> all) {
    all.add(control("mtfsf 0xFF,1,1,0", m -> m.fpscr = Fpscr.move(m.fpscr, m.a(0), -1)));
    for (int flm : new int[] {0x80, 0x41, 0x2A, 0x01, 0x14}) {
      all.add(
          control(
              "mtfsf " + flm + ",1",
              m -> m.fpscr = Fpscr.move(m.fpscr, m.a(0), Fpscr.fieldMask(flm, false))));
    }
    all.add(
        control(
            "mtfsf 0x01,1,0,1",
            m -> m.fpscr = Fpscr.move(m.fpscr, m.a(0), Fpscr.fieldMask(1, true))));
    for (int field = 0; field < 8; field++) {
      int f = field;
      all.add(
          control(
              "mtfsfi " + f + ",5",
              m ->
                  m.fpscr = Fpscr.move(m.fpscr, 0x5555_5555L, Fpscr.fieldMask(0x80 >>> f, false))));
      all.add(
          control(
              "mcrfs 0," + f,
              m -> {
                m.setField(0, Fpscr.field(m.fpscr, f));
                m.fpscr = Fpscr.clearField(m.fpscr, f);
              }));
    }
    for (int bit = 0; bit < 32; bit++) {
      int b = bit;
      all.add(control("mtfsb0 " + b, m -> m.fpscr = Fpscr.clearBit(m.fpscr, b)));
      all.add(control("mtfsb1 " + b, m -> m.fpscr = Fpscr.setBit(m.fpscr, b)));
    }
  }

  private static void vsxScalar(List<Instruction> all) {
    all.add(arithmetic("xsadddp 0,1,2", (e, a, b, c) -> Arithmetic.add(e, a, b)));
    all.add(arithmetic("xssubdp 0,1,2", (e, a, b, c) -> Arithmetic.sub(e, a, b)));
    all.add(arithmetic("xsmuldp 0,1,2", (e, a, b, c) -> Arithmetic.mul(e, a, b)));
    all.add(arithmetic("xsdivdp 0,1,2", (e, a, b, c) -> Arithmetic.div(e, a, b)));
    all.add(arithmetic("xssqrtdp 0,2", (e, a, b, c) -> Arithmetic.sqrt(e, b)));
    all.add(arithmeticSingle("xsaddsp 0,1,2", (e, a, b, c) -> Arithmetic.addSingle(e, a, b)));
    all.add(arithmeticSingle("xssubsp 0,1,2", (e, a, b, c) -> Arithmetic.subSingle(e, a, b)));
    all.add(arithmeticSingle("xsmulsp 0,1,2", (e, a, b, c) -> Arithmetic.mulSingle(e, a, b)));
    all.add(arithmeticSingle("xsdivsp 0,1,2", (e, a, b, c) -> Arithmetic.divSingle(e, a, b)));
    all.add(arithmeticSingle("xssqrtsp 0,2", (e, a, b, c) -> Arithmetic.sqrtSingle(e, b)));
    all.add(arithmetic("xsredp 0,2", (e, a, b, c) -> Estimate.reciprocal(e, b)));
    all.add(arithmeticSingle("xsresp 0,2", (e, a, b, c) -> Estimate.reciprocalSingle(e, b)));
    all.add(arithmetic("xsrsqrtedp 0,2", (e, a, b, c) -> Estimate.reciprocalRoot(e, b)));
    all.add(
        arithmeticSingle("xsrsqrtesp 0,2", (e, a, b, c) -> Estimate.reciprocalRootSingle(e, b)));
    all.add(raising("xsmaxdp 0,1,2", (e, a, b, c) -> Comparison.max(e, a, b)));
    all.add(raising("xsmindp 0,1,2", (e, a, b, c) -> Comparison.min(e, a, b)));
    all.add(comparison("xscmpudp 0,1,2", Comparison::unordered));
    all.add(comparison("xscmpodp 0,1,2", Comparison::ordered));
    all.add(control("xstdivdp 0,1,2", m -> m.setField(0, Estimate.testDivide(m.a(0), m.b(0)))));
    all.add(control("xstsqrtdp 0,2", m -> m.setField(0, Estimate.testRoot(m.b(0)))));
  }

  private static void vsxScalarConversions(List<Instruction> all) {
    all.add(arithmetic("xsrdpi 0,2", (e, a, b, c) -> Conversion.roundToIntegral(e, b, AWAY)));
    all.add(arithmetic("xsrdpiz 0,2", (e, a, b, c) -> Conversion.roundToIntegral(e, b, ZERO)));
    all.add(arithmetic("xsrdpip 0,2", (e, a, b, c) -> Conversion.roundToIntegral(e, b, UP)));
    all.add(arithmetic("xsrdpim 0,2", (e, a, b, c) -> Conversion.roundToIntegral(e, b, DOWN)));
    all.add(
        arithmetic(
            "xsrdpic 0,2", (e, a, b, c) -> Conversion.roundToIntegralExact(e, b, e.rounding)));
    all.add(conversion("xscvdpsxds 0,2", (e, a, b, c) -> Conversion.toInt64(e, b, ZERO)));
    all.add(conversion("xscvdpuxds 0,2", (e, a, b, c) -> Conversion.toUint64(e, b, ZERO)));
    all.add(conversion("xscvdpsxws 0,2", (e, a, b, c) -> twice(Conversion.toInt32(e, b, ZERO))));
    all.add(conversion("xscvdpuxws 0,2", (e, a, b, c) -> twice(Conversion.toUint32(e, b, ZERO))));
    all.add(arithmetic("xscvsxddp 0,2", (e, a, b, c) -> Conversion.fromInt64(e, b)));
    all.add(arithmetic("xscvuxddp 0,2", (e, a, b, c) -> Conversion.fromUint64(e, b)));
    all.add(arithmetic("xscvsxdsp 0,2", (e, a, b, c) -> Conversion.fromInt64Single(e, b)));
    all.add(arithmetic("xscvuxdsp 0,2", (e, a, b, c) -> Conversion.fromUint64Single(e, b)));
    all.add(
        new Instruction(
            "xsrsp 0,2",
            false,
            false,
            true,
            arithmeticSingle("xsrsp 0,2", (e, a, b, c) -> Arithmetic.roundToSingle(e, b)).model()));
    all.add(
        control(
            "xscvdpsp 0,2",
            m -> {
              m.env.control(m.fpscr);
              int result = Conversion.roundToSingleFormat(m.env, m.b(0));
              if (!m.env.suppressed()) {
                m.setFpr(twice(result));
              }
              m.fpscr = Fpscr.arithmetic(m.fpscr, m.env.flags, FpClass.ofSingle(result));
            }));
    all.add(control("xscvdpspn 0,2", m -> m.setFpr(twice(Conversion.doubleToSingle(m.b(0))))));
    all.add(
        new Instruction(
            "xscvspdp 0,2",
            false,
            true,
            false,
            arithmetic("xscvspdp 0,2", (e, a, b, c) -> Conversion.widen(e, (int) (b >>> 32)))
                .model()));
    all.add(
        new Instruction(
            "xscvspdpn 0,2",
            false,
            true,
            false,
            m -> m.setFpr(Conversion.singleToDouble(m.word(2, 0)))));
  }

  private static long twice(long word) {
    return word << 32 | word & 0xFFFF_FFFFL;
  }

  private static void vsxDouble(List<Instruction> all) {
    all.add(vectorDouble("xvadddp 0,1,2", (e, a, b, c) -> Arithmetic.add(e, a, b)));
    all.add(vectorDouble("xvdivdp 0,1,2", (e, a, b, c) -> Arithmetic.div(e, a, b)));
    all.add(vectorDouble("xvsqrtdp 0,2", (e, a, b, c) -> Arithmetic.sqrt(e, b)));
    all.add(vectorDouble("xvredp 0,2", (e, a, b, c) -> Estimate.reciprocal(e, b)));
    all.add(vectorDouble("xvrsqrtedp 0,2", (e, a, b, c) -> Estimate.reciprocalRoot(e, b)));
    all.add(vectorDouble("xvmaxdp 0,1,2", (e, a, b, c) -> Comparison.max(e, a, b)));
    all.add(vectorDouble("xvmindp 0,1,2", (e, a, b, c) -> Comparison.min(e, a, b)));
    all.add(
        recording(
            vectorDouble("xvcmpeqdp. 0,1,2", (e, a, b, c) -> Comparison.equal(e, a, b) ? -1 : 0)));
    all.add(
        recording(
            vectorDouble(
                "xvcmpgtdp. 0,1,2", (e, a, b, c) -> Comparison.greater(e, a, b) ? -1 : 0)));
    all.add(
        recording(
            vectorDouble(
                "xvcmpgedp. 0,1,2", (e, a, b, c) -> Comparison.greaterOrEqual(e, a, b) ? -1 : 0)));
    all.add(vectorDouble("xvrdpi 0,2", (e, a, b, c) -> Conversion.roundToIntegral(e, b, AWAY)));
    all.add(
        vectorDouble(
            "xvrdpic 0,2", (e, a, b, c) -> Conversion.roundToIntegralExact(e, b, e.rounding)));
    // The target is the third operand: +-(A * B) +- T in the "a" forms, +-(A * T) +- B in the "m".
    all.add(targeted("xvmaddadp 0,1,2", (e, a, b, t) -> Arithmetic.madd(e, a, b, t)));
    all.add(targeted("xvmaddmdp 0,1,2", (e, a, b, t) -> Arithmetic.madd(e, a, t, b)));
    all.add(targeted("xvmsubadp 0,1,2", (e, a, b, t) -> Arithmetic.msub(e, a, b, t)));
    all.add(targeted("xvnmaddadp 0,1,2", (e, a, b, t) -> Arithmetic.nmadd(e, a, b, t)));
    all.add(targeted("xvnmsubmdp 0,1,2", (e, a, b, t) -> Arithmetic.nmsub(e, a, t, b)));
    all.add(
        control(
            "xvtdivdp 0,1,2",
            m ->
                m.setField(
                    0, Estimate.testDivide(m.a(0), m.b(0)) | Estimate.testDivide(m.a(1), m.b(1)))));
    all.add(
        control(
            "xvtsqrtdp 0,2",
            m -> m.setField(0, Estimate.testRoot(m.b(0)) | Estimate.testRoot(m.b(1)))));
  }

  /** A vector instruction that takes its target, here loaded from C, as the third operand. */
  private static Instruction targeted(String assembly, Instruction.Scalar operation) {
    return vectorDouble(assembly.replace(" 0,", " 3,") + "\n\txxlor 0,3,3", operation);
  }

  private static Instruction targetedSingle(String assembly, Instruction.Lane operation) {
    return vectorSingle(assembly.replace(" 0,", " 3,") + "\n\txxlor 0,3,3", operation);
  }

  private static void vsxSingle(List<Instruction> all) {
    all.add(vectorSingle("xvaddsp 0,1,2", (e, a, b, c) -> SingleLane.add(e, a, b)));
    all.add(vectorSingle("xvsubsp 0,1,2", (e, a, b, c) -> SingleLane.sub(e, a, b)));
    all.add(vectorSingle("xvmulsp 0,1,2", (e, a, b, c) -> SingleLane.mul(e, a, b)));
    all.add(vectorSingle("xvdivsp 0,1,2", (e, a, b, c) -> SingleLane.div(e, a, b)));
    all.add(vectorSingle("xvsqrtsp 0,2", (e, a, b, c) -> SingleLane.sqrt(e, b)));
    all.add(vectorSingle("xvresp 0,2", (e, a, b, c) -> SingleLane.reciprocal(e, b)));
    all.add(vectorSingle("xvrsqrtesp 0,2", (e, a, b, c) -> SingleLane.reciprocalRoot(e, b)));
    all.add(vectorSingle("xvmaxsp 0,1,2", (e, a, b, c) -> SingleLane.max(e, a, b)));
    all.add(vectorSingle("xvminsp 0,1,2", (e, a, b, c) -> SingleLane.min(e, a, b)));
    all.add(
        recording(
            vectorSingle("xvcmpeqsp. 0,1,2", (e, a, b, c) -> SingleLane.equal(e, a, b) ? -1 : 0)));
    all.add(
        recording(
            vectorSingle(
                "xvcmpgtsp. 0,1,2", (e, a, b, c) -> SingleLane.greater(e, a, b) ? -1 : 0)));
    all.add(
        recording(
            vectorSingle(
                "xvcmpgesp. 0,1,2", (e, a, b, c) -> SingleLane.greaterOrEqual(e, a, b) ? -1 : 0)));
    all.add(targetedSingle("xvmaddasp 0,1,2", (e, a, b, t) -> SingleLane.madd(e, a, b, t)));
    all.add(targetedSingle("xvmsubmsp 0,1,2", (e, a, b, t) -> SingleLane.msub(e, a, t, b)));
    all.add(targetedSingle("xvnmaddmsp 0,1,2", (e, a, b, t) -> SingleLane.nmadd(e, a, t, b)));
    all.add(targetedSingle("xvnmsubasp 0,1,2", (e, a, b, t) -> SingleLane.nmsub(e, a, b, t)));
    all.add(vectorSingle("xvrspi 0,2", (e, a, b, c) -> SingleLane.roundToIntegral(e, b, AWAY)));
    all.add(vectorSingle("xvrspim 0,2", (e, a, b, c) -> SingleLane.roundToIntegral(e, b, DOWN)));
    all.add(
        vectorSingle(
            "xvrspic 0,2", (e, a, b, c) -> SingleLane.roundToIntegralExact(e, b, e.rounding)));
    all.add(
        new Instruction(
            "xvtdivsp 0,1,2",
            false,
            true,
            false,
            m -> {
              int field = 0;
              for (int i = 0; i < 4; i++) {
                field |= Estimate.testDivideSingle(m.word(1, i), m.word(2, i));
              }
              m.setField(0, field);
            }));
    all.add(
        new Instruction(
            "xvtsqrtsp 0,2",
            false,
            true,
            false,
            m -> {
              int field = 0;
              for (int i = 0; i < 4; i++) {
                field |= Estimate.testRootSingle(m.word(2, i));
              }
              m.setField(0, field);
            }));
  }

  private static void vsxVectorConversions(List<Instruction> all) {
    all.add(vectorDouble("xvcvdpsxds 0,2", (e, a, b, c) -> Conversion.toInt64(e, b, ZERO)));
    all.add(vectorDouble("xvcvdpuxds 0,2", (e, a, b, c) -> Conversion.toUint64(e, b, ZERO)));
    all.add(vectorDouble("xvcvdpsxws 0,2", (e, a, b, c) -> twice(Conversion.toInt32(e, b, ZERO))));
    all.add(vectorDouble("xvcvdpuxws 0,2", (e, a, b, c) -> twice(Conversion.toUint32(e, b, ZERO))));
    all.add(
        vectorDouble("xvcvdpsp 0,2", (e, a, b, c) -> twice(Conversion.roundToSingleFormat(e, b))));
    all.add(vectorDouble("xvcvsxddp 0,2", (e, a, b, c) -> Conversion.fromInt64(e, b)));
    all.add(vectorDouble("xvcvuxddp 0,2", (e, a, b, c) -> Conversion.fromUint64(e, b)));
    all.add(vectorDouble("xvcvsxdsp 0,2", (e, a, b, c) -> twice(SingleLane.fromInt64(e, b))));
    all.add(vectorDouble("xvcvuxdsp 0,2", (e, a, b, c) -> twice(SingleLane.fromUint64(e, b))));
    all.add(vectorDouble("xvcvsxwdp 0,2", (e, a, b, c) -> Conversion.fromInt64(e, b >> 32)));
    all.add(vectorDouble("xvcvuxwdp 0,2", (e, a, b, c) -> Conversion.fromUint64(e, b >>> 32)));
    all.add(vectorSingle("xvcvspsxws 0,2", (e, a, b, c) -> SingleLane.toInt32(e, b)));
    all.add(vectorSingle("xvcvspuxws 0,2", (e, a, b, c) -> SingleLane.toUint32(e, b)));
    all.add(vectorSingle("xvcvsxwsp 0,2", (e, a, b, c) -> SingleLane.fromInt64(e, b)));
    all.add(
        vectorSingle("xvcvuxwsp 0,2", (e, a, b, c) -> SingleLane.fromUint64(e, b & 0xFFFF_FFFFL)));
    all.add(
        wordOperands(
            vectorDouble("xvcvspdp 0,2", (e, a, b, c) -> Conversion.widen(e, (int) (b >>> 32)))));
    all.add(
        wordOperands(
            vectorDouble(
                "xvcvspsxds 0,2", (e, a, b, c) -> SingleLane.toInt64(e, (int) (b >>> 32)))));
    all.add(
        wordOperands(
            vectorDouble(
                "xvcvspuxds 0,2", (e, a, b, c) -> SingleLane.toUint64(e, (int) (b >>> 32)))));
  }

  private static Instruction wordOperands(Instruction i) {
    return new Instruction(i.assembly(), i.vmx(), true, false, i.model());
  }

  private static void vmxArithmetic(List<Instruction> all) {
    all.add(vmx("vaddfp 0,1,2", (a, b, c, flush) -> VmxLane.add(a, b, flush)));
    all.add(vmx("vsubfp 0,1,2", (a, b, c, flush) -> VmxLane.sub(a, b, flush)));
    all.add(vmx("vmaddfp 0,1,3,2", (a, b, c, flush) -> VmxLane.madd(a, c, b, flush)));
    all.add(vmx("vnmsubfp 0,1,3,2", (a, b, c, flush) -> VmxLane.nmsub(a, c, b, flush)));
    all.add(vmx("vmaxfp 0,1,2", (a, b, c, flush) -> VmxLane.max(a, b, flush)));
    all.add(vmx("vminfp 0,1,2", (a, b, c, flush) -> VmxLane.min(a, b, flush)));
    all.add(vmx("vrefp 0,2", (a, b, c, flush) -> VmxLane.reciprocal(b, flush)));
    all.add(vmx("vrsqrtefp 0,2", (a, b, c, flush) -> VmxLane.reciprocalRoot(b, flush)));
    all.add(vmx("vlogefp 0,2", (a, b, c, flush) -> VmxLane.log2(b, flush)));
    all.add(vmx("vrfin 0,2", (a, b, c, f) -> VmxLane.roundToIntegral(b, FpEnv.NEAREST_EVEN, f)));
    all.add(vmx("vrfiz 0,2", (a, b, c, f) -> VmxLane.roundToIntegral(b, ZERO, f)));
    all.add(vmx("vrfip 0,2", (a, b, c, f) -> VmxLane.roundToIntegral(b, UP, f)));
    all.add(vmx("vrfim 0,2", (a, b, c, f) -> VmxLane.roundToIntegral(b, DOWN, f)));
    all.add(recording(vmx("vcmpeqfp. 0,1,2", (a, b, c, f) -> VmxLane.equal(a, b, f) ? -1 : 0)));
    all.add(recording(vmx("vcmpgtfp. 0,1,2", (a, b, c, f) -> VmxLane.greater(a, b, f) ? -1 : 0)));
    all.add(
        recording(
            vmx("vcmpgefp. 0,1,2", (a, b, c, f) -> VmxLane.greaterOrEqual(a, b, f) ? -1 : 0)));
    all.add(recording(vmx("vcmpbfp. 0,1,2", (a, b, c, f) -> VmxLane.bounds(a, b, f))));
    for (int scale : new int[] {0, 3, 31}) {
      all.add(saturating("vctsxs 0,2," + scale, scale, true));
      all.add(saturating("vctuxs 0,2," + scale, scale, false));
      all.add(vmx("vcfsx 0,2," + scale, (a, b, c, f) -> VmxLane.fromSigned(b, scale)));
      all.add(vmx("vcfux 0,2," + scale, (a, b, c, f) -> VmxLane.fromUnsigned(b, scale)));
    }
  }
}
