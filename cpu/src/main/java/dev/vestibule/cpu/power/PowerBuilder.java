package dev.vestibule.cpu.power;

import dev.vestibule.cpu.Stop;
import dev.vestibule.cpu.micro.MicroBuilder;
import dev.vestibule.cpu.micro.Op;
import dev.vestibule.cpu.micro.VmxOp;

/** How do Power's meanings read: registers by the book's names, record forms, byte order? */
final class PowerBuilder extends MicroBuilder {
  private final boolean wide;
  private final boolean bigEndian;
  private final int cacheLine;

  PowerBuilder(boolean wide, boolean bigEndian, int cacheLine) {
    this.cacheLine = cacheLine;
    this.wide = wide;
    this.bigEndian = bigEndian;
  }

  boolean wide() {
    return wide;
  }

  /** Bytes that dcbz clears. */
  int cacheLine() {
    return cacheLine;
  }

  boolean bigEndian() {
    return bigEndian;
  }

  int gpr(int n) {
    return get(PowerState.GPR + n);
  }

  /** (RA|0). */
  int gprOrZero(int n) {
    return n == 0 ? constant(0) : gpr(n);
  }

  void putGpr(int n, int value) {
    put(PowerState.GPR + n, value);
  }

  /** (RA|0) + displacement, not yet added: address operand for {@link #load}. */
  int base(int ra) {
    return ra == 0 ? constant(0) : gpr(ra);
  }

  /** RA + (RB) with (RA|0): the effective address of an X-form. */
  int indexed(int ra, int rb) {
    return ra == 0 ? gpr(rb) : add(gpr(ra), gpr(rb));
  }

  int fpr(int n) {
    return get(PowerState.fpr(n));
  }

  /** Writes FPR n, and zero to the rest of the VSR that it is part of. */
  void putFpr(int n, int value) {
    put(PowerState.fpr(n), value);
    put(PowerState.vsr(n), constant(0));
  }

  /** A floating-point operation with a scalar result that does not touch the FPSCR. */
  void scalarTo(int op, int high, int a, int b, int c) {
    scalarTo(op, high, a, b, c, 0);
  }

  /** A floating-point operation with a scalar result and status. */
  void statusTo(int op, int high, int a, int b, int c, int e) {
    scalarTo(op, high, a, b, c, e);
    written(PowerState.FPSCR);
  }

  private void scalarTo(int op, int high, int a, int b, int c, int e) {
    opTo(op, high, a, b, c, e);
    written(high - 1);
  }

  /** VSR n as a pair. */
  int vsr(int n) {
    return get(PowerState.vsr(n));
  }

  /** A vector operation on the elements of VSRs that raises exceptions in the FPSCR. */
  void vectorStatusTo(int op, int xt, int a, int b, int c, int e) {
    vectorTo(op, PowerState.vsr(xt), a, b, c, e);
    written(PowerState.FPSCR);
  }

  /** CR field 1 from the FPSCR, as Rc = 1 of instructions does that leave the FPSCR alone. */
  void recordFloat() {
    int bits = opImmediate(Op.SHRI, get(PowerState.FPSCR), 28);
    put(PowerState.crField(1), and(bits, 15));
  }

  /** VR n as a pair. */
  int vr(int n) {
    return get(PowerState.vr(n));
  }

  /** CR field 6 from a vector compare's result, as Rc = 1 does: all true 8, all false 2. */
  void recordVector(int vrt) {
    opTo(VmxOp.ALL, PowerState.crField(6), vr(vrt), vr(vrt), vr(vrt), 0);
  }

  /** CR field 6 of vcmpbfp.: 2 if all elements are within bounds. */
  void recordBounds(int vrt) {
    put(PowerState.crField(6), and(op(VmxOp.ALL, vr(vrt), vr(vrt)), 2));
  }

  int so() {
    return get(PowerState.SO);
  }

  /** A sum or difference whose carry becomes, and may be, CA. */
  int carrying(int op, int a, int b) {
    int result = op(op, a, b, get(PowerState.CA), 0);
    written(PowerState.CA);
    return result;
  }

  /** Writes CR0 from a result, as Rc = 1 does. */
  void record(int value) {
    int op = wide ? Op.CMPSI64 : Op.CMPSI32;
    put(PowerState.CR0, compareImmediate(op, value, so(), 0));
  }

  /** Writes an integer result and, if {@code rc}, CR0. */
  void result(int n, int value, boolean rc) {
    putGpr(n, value);
    if (rc) {
      record(gpr(n));
    }
  }

  /** Writes OV, and SO if it is set. */
  void overflow(int bit) {
    int sticky = op(Op.OR, so(), bit);
    put(PowerState.OV, bit);
    put(PowerState.SO, sticky);
  }

  /** 1 if a + b + carry-in = sum overflowed as a signed addition. */
  int addOverflow(int a, int b, int sum) {
    int both = op(Op.AND, op(Op.XOR, sum, a), op(Op.XOR, sum, b));
    return signBit(both);
  }

  /** The sign bit of a word or doubleword, as 0 or 1. */
  int signBit(int value) {
    return wide ? opImmediate(Op.SHRI, value, 63) : and(opImmediate(Op.SHRI, value, 31), 1);
  }

  /** The micro-operation of a load or store of {@code size} bytes in the guest's order. */
  int loadOp(int size, boolean signed) {
    return loadOp(size, signed, bigEndian);
  }

  static int loadOp(int size, boolean signed, boolean big) {
    return switch (size) {
      case 1 -> Op.LDU8;
      case 2 -> big ? signed ? Op.LDS16BE : Op.LDU16BE : signed ? Op.LDS16LE : Op.LDU16LE;
      case 4 -> big ? signed ? Op.LDS32BE : Op.LDU32BE : signed ? Op.LDS32LE : Op.LDU32LE;
      default -> big ? Op.LD64BE : Op.LD64LE;
    };
  }

  int storeOp(int size) {
    return storeOp(size, bigEndian);
  }

  static int storeOp(int size, boolean big) {
    return switch (size) {
      case 1 -> Op.ST8;
      case 2 -> big ? Op.ST16BE : Op.ST16LE;
      case 4 -> big ? Op.ST32BE : Op.ST32LE;
      default -> big ? Op.ST64BE : Op.ST64LE;
    };
  }

  /** lwarx and its family: 2 to the {@code log} bytes. */
  void reserve(int rt, int ra, int rb, int log) {
    written(PowerState.RESERVATION);
    written(PowerState.RESERVED);
    written(PowerState.RESERVED_SIZE);
    int at = indexed(ra, rb);
    putGpr(rt, op(Op.RESERVE, at, at, at, log | (bigEndian ? Op.BIG : 0)));
  }

  /** stwcx. and its family; CR0 says whether it stored. */
  void storeConditional(int rs, int ra, int rb, int log) {
    int at = indexed(ra, rb);
    int e = log | (bigEndian ? Op.BIG : 0);
    int stored = op(Op.STORE_CONDITIONAL, at, gpr(rs), at, e);
    written(PowerState.RESERVATION);
    put(PowerState.CR0, op(Op.OR, opImmediate(Op.SHLI, stored, 1), so()));
  }

  /** Ends the block with an illegal-instruction stop. */
  void illegal() {
    stop(Stop.ILLEGAL, false);
  }

  void privileged() {
    stop(Stop.PRIVILEGED, false);
  }
}
