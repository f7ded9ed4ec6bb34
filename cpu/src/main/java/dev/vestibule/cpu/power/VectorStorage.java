package dev.vestibule.cpu.power;

import dev.vestibule.cpu.micro.Op;
import dev.vestibule.cpu.micro.VmxOp;
import dev.vestibule.declare.Instruction;

/**
 * VMX loads, stores, and the VSCR: Power ISA 2.07B, Book I, 6.7 and 6.17. An element load leaves
 * the other elements, undefined by the book, as they were.
 */
final class VectorStorage {
  private VectorStorage() {}

  private static final int NJ_AND_SAT = 0x1_0001;

  private static void loadElement(PowerBuilder m, int vrt, int ra, int rb, int size, int elements) {
    int address = m.and(m.indexed(ra, rb), -size);
    int value = m.load(m.loadOp(size, false), address, 0);
    int fromRight = m.bigEndian() ? 0 : 1;
    m.vectorTo(VmxOp.PUT + elements, PowerState.vr(vrt), value, address, m.vr(vrt), fromRight);
  }

  /** RA = 0 is invalid; otherwise only a hint. */
  private static void stream(PowerBuilder m, int ra) {
    if (ra == 0) {
      m.illegal();
    }
  }

  private static void storeElement(
      PowerBuilder m, int vrs, int ra, int rb, int size, int elements) {
    int address = m.and(m.indexed(ra, rb), -size);
    int fromRight = m.bigEndian() ? 0 : 1;
    int value = m.op(VmxOp.GET + elements, m.vr(vrs), address, address, fromRight);
    m.store(m.storeOp(size), address, 0, value);
  }

  @Instruction(value = "31 vrt ra rb 7:10 /:1", asm = "lvebx vrt,ra,rb", section = "6.7.2")
  static void lvebx(PowerBuilder m, int vrt, int ra, int rb) {
    loadElement(m, vrt, ra, rb, 1, VmxOp.BYTES);
  }

  @Instruction(value = "31 vrt ra rb 39:10 /:1", asm = "lvehx vrt,ra,rb", section = "6.7.2")
  static void lvehx(PowerBuilder m, int vrt, int ra, int rb) {
    loadElement(m, vrt, ra, rb, 2, VmxOp.HALFWORDS);
  }

  @Instruction(value = "31 vrt ra rb 71:10 /:1", asm = "lvewx vrt,ra,rb", section = "6.7.2")
  static void lvewx(PowerBuilder m, int vrt, int ra, int rb) {
    loadElement(m, vrt, ra, rb, 4, VmxOp.WORDS);
  }

  @Instruction(value = "31 vrt ra rb 103:10 /:1", asm = "lvx vrt,ra,rb", section = "6.7.2")
  static void lvx(PowerBuilder m, int vrt, int ra, int rb) {
    int at = m.and(m.indexed(ra, rb), -16);
    m.vectorLoad(m.bigEndian() ? Op.VLD128BE : Op.VLD128LE, PowerState.vr(vrt), at, 0);
  }

  @Instruction(value = "31 vrt ra rb 359:10 /:1", asm = "lvxl vrt,ra,rb", section = "6.7.2")
  static void lvxl(PowerBuilder m, int vrt, int ra, int rb) {
    int at = m.and(m.indexed(ra, rb), -16);
    m.vectorLoad(m.bigEndian() ? Op.VLD128BE : Op.VLD128LE, PowerState.vr(vrt), at, 0);
  }

  @Instruction(value = "31 vrs ra rb 135:10 /:1", asm = "stvebx vrs,ra,rb", section = "6.7.3")
  static void stvebx(PowerBuilder m, int vrs, int ra, int rb) {
    storeElement(m, vrs, ra, rb, 1, VmxOp.BYTES);
  }

  @Instruction(value = "31 vrs ra rb 167:10 /:1", asm = "stvehx vrs,ra,rb", section = "6.7.3")
  static void stvehx(PowerBuilder m, int vrs, int ra, int rb) {
    storeElement(m, vrs, ra, rb, 2, VmxOp.HALFWORDS);
  }

  @Instruction(value = "31 vrs ra rb 199:10 /:1", asm = "stvewx vrs,ra,rb", section = "6.7.3")
  static void stvewx(PowerBuilder m, int vrs, int ra, int rb) {
    storeElement(m, vrs, ra, rb, 4, VmxOp.WORDS);
  }

  @Instruction(value = "31 vrs ra rb 231:10 /:1", asm = "stvx vrs,ra,rb", section = "6.7.3")
  static void stvx(PowerBuilder m, int vrs, int ra, int rb) {
    int at = m.and(m.indexed(ra, rb), -16);
    m.vectorStore(m.bigEndian() ? Op.VST128BE : Op.VST128LE, m.vr(vrs), at, 0);
  }

  @Instruction(value = "31 vrs ra rb 487:10 /:1", asm = "stvxl vrs,ra,rb", section = "6.7.3")
  static void stvxl(PowerBuilder m, int vrs, int ra, int rb) {
    int at = m.and(m.indexed(ra, rb), -16);
    m.vectorStore(m.bigEndian() ? Op.VST128BE : Op.VST128LE, m.vr(vrs), at, 0);
  }

  @Instruction(value = "31 vrt ra rb 6:10 /:1", asm = "lvsl vrt,ra,rb", section = "6.7.4")
  static void lvsl(PowerBuilder m, int vrt, int ra, int rb) {
    m.vectorTo(VmxOp.LVSL, PowerState.vr(vrt), m.indexed(ra, rb), m.vr(vrt));
  }

  @Instruction(value = "31 vrt ra rb 38:10 /:1", asm = "lvsr vrt,ra,rb", section = "6.7.4")
  static void lvsr(PowerBuilder m, int vrt, int ra, int rb) {
    m.vectorTo(VmxOp.LVSR, PowerState.vr(vrt), m.indexed(ra, rb), m.vr(vrt));
  }

  // ---- data streams, of architectures before 2.07: hints

  @Instruction(
      value = "31 t /:2 strm ra rb 342:10 /:1",
      asm = "dst{t:t} ra,rb,strm",
      section = "PowerISA 2.02 VMX 6.3")
  static void dst(PowerBuilder m, int ra) {
    stream(m, ra);
  }

  @Instruction(
      value = "31 t /:2 strm ra rb 374:10 /:1",
      asm = "dstst{t:t} ra,rb,strm",
      section = "PowerISA 2.02 VMX 6.3")
  static void dstst(PowerBuilder m, int ra) {
    stream(m, ra);
  }

  @Instruction(
      value = "31 0:1 /:2 strm /:10 822:10 /:1",
      asm = "dss strm",
      section = "PowerISA 2.02 VMX 6.3")
  static void dss(PowerBuilder m) {}

  @Instruction(value = "31 1:1 /:14 822:10 /:1", asm = "dssall", section = "PowerISA 2.02 VMX 6.3")
  static void dssall(PowerBuilder m) {}

  // ---- 6.17 status and control

  @Instruction(value = "4 vrt /:5 /:5 1540:11", asm = "mfvscr vrt", section = "6.17")
  static void mfvscr(PowerBuilder m, int vrt) {
    m.put(PowerState.vr(vrt), m.get(PowerState.VSCR));
    m.put(PowerState.vr(vrt) + 1, m.constant(0));
  }

  @Instruction(value = "4 /:5 /:5 vrb 1604:11", asm = "mtvscr vrb", section = "6.17")
  static void mtvscr(PowerBuilder m, int vrb) {
    m.put(PowerState.VSCR, m.and(m.vr(vrb), NJ_AND_SAT));
  }
}
