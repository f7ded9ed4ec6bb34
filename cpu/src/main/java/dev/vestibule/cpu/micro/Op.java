package dev.vestibule.cpu.micro;

/**
 * Which micro-operations exist, and how is one written down?
 *
 * <p>A micro-operation is three-address code over the slots of a thread's record: registers,
 * temporaries and constants are all slots. One long holds it:
 *
 * <pre>
 *   bits  0..9   operation
 *   bits 10..20  destination slot d
 *   bits 21..31  slot a
 *   bits 32..42  slot b    or, in immediate forms, bits 32..63: imm, signed
 *   bits 43..53  slot c    or, in compare-immediate forms, bits 43..63: imm, signed
 *   bits 54..63  e, a small number
 * </pre>
 *
 * <p>Unless said otherwise values are 64 bits; "32" operations use the low halves of their operands
 * and define all 64 bits of their result. Vector operands name the even slot of a pair: the low
 * doubleword (element 1 of Power's numbering) lies in slot n, the high one (element 0) in n + 1, so
 * that the pair in memory is one little-endian 128-bit number.
 */
public final class Op {
  // ---- moves and constants
  /** d = a. */
  public static final int MOV = 1;

  /** d = imm. */
  public static final int CONST = 2;

  /** d = pool[imm]. */
  public static final int POOL = 3;

  // ---- arithmetic
  public static final int ADD = 4;
  public static final int ADDI = 5;
  public static final int SUB = 6;

  /** d = imm - a. */
  public static final int RSUBI = 7;

  public static final int NEG = 8;
  public static final int MUL = 9;
  public static final int MULI = 10;

  /** d = the high 64 bits of the signed product. */
  public static final int MULHS64 = 11;

  public static final int MULHU64 = 12;

  /** d = the high 32 bits of the signed 32-bit product, zero-extended. */
  public static final int MULHS32 = 13;

  /** d = the high 32 bits of the unsigned 32-bit product, zero-extended. */
  public static final int MULHU32 = 14;

  /** d = (int) a * (int) b, 64 bits. */
  public static final int MULS32 = 15;

  /** Division; by zero or of the most negative number by -1 gives 0. */
  public static final int DIVS32 = 16;

  public static final int DIVU32 = 17;
  public static final int DIVS64 = 18;
  public static final int DIVU64 = 19;

  // ---- logic
  public static final int AND = 20;
  public static final int ANDI = 21;
  public static final int OR = 22;
  public static final int ORI = 23;
  public static final int XOR = 24;
  public static final int XORI = 25;

  /** d = a & ~b. */
  public static final int ANDC = 26;

  public static final int ORC = 27;
  public static final int NAND = 28;
  public static final int NOR = 29;
  public static final int EQV = 30;
  public static final int NOT = 31;
  public static final int SX8 = 32;
  public static final int SX16 = 33;
  public static final int SX32 = 34;
  public static final int ZX32 = 35;

  // ---- shifts; imm of the rotates is pool index << 6 | amount
  /** d = rotate-left(low a twice, amount) & pool mask. */
  public static final int ROTM32 = 36;

  public static final int ROTM64 = 37;

  /** d = rotated a under the mask, the old d elsewhere; 32-bit rotate of the low half twice. */
  public static final int ROTI32 = 38;

  public static final int ROTI64 = 39;

  /** d = rotate-left(low a twice, b mod 32). */
  public static final int ROTV32 = 40;

  public static final int ROTV64 = 41;

  /** d = low a << (b mod 64), 32 bits, 0 from 32 on. */
  public static final int SHL32 = 42;

  public static final int SHR32 = 43;

  /** d = sign of a from 32 on; 64-bit result. */
  public static final int SAR32 = 44;

  /** d = a << (b mod 128), 0 from 64 on. */
  public static final int SHL64 = 45;

  public static final int SHR64 = 46;
  public static final int SAR64 = 47;

  /** d = (int) a >> imm. */
  public static final int SARI32 = 48;

  public static final int SARI64 = 49;
  public static final int SHLI = 50;
  public static final int SHRI = 51;
  public static final int CLZ32 = 52;
  public static final int CLZ64 = 53;

  // ---- carries and conditions
  /** d = a + b, then c = the carry out of bit 0. */
  public static final int ADDC64 = 54;

  /** The same of the low halves, with 32 bits of result; c is the carry out of bit 32. */
  public static final int ADDC32 = 55;

  /** d = a - b, then c = a unsigned-greater-or-equal b ? 1 : 0. */
  public static final int SUBC64 = 56;

  public static final int SUBC32 = 57;

  /** d = a + b + c, then c = the carry out; c is 0 or 1. */
  public static final int ADC64 = 58;

  public static final int ADC32 = 59;

  /** Whether an operation writes c, too. */
  public static boolean carries(int op) {
    return op >= ADDC64 && op <= ADC32;
  }

  /** d = 1 if a is negative and loses ones when shifted right by b, as Power's sraw sets CA. */
  public static final int SARCA32 = 60;

  public static final int SARCA64 = 61;

  /** d = (a < b ? 8 : a > b ? 4 : 2) | c; c is 0 or 1. */
  public static final int CMPS32 = 62;

  public static final int CMPU32 = 63;
  public static final int CMPS64 = 64;
  public static final int CMPU64 = 65;

  /** The same against the immediate of bits 43..63; c stands in the b field. */
  public static final int CMPSI32 = 66;

  public static final int CMPUI32 = 67;
  public static final int CMPSI64 = 68;
  public static final int CMPUI64 = 69;

  /** d = a == 0 ? 1 : 0. */
  public static final int ISZERO64 = 70;

  public static final int ISZERO32 = 71;

  /** d = b if a != 0, else c. */
  public static final int SELECT = 72;

  // ---- counting
  /** Each byte of d = the ones in that byte of a. */
  public static final int POPCNTB = 73;

  public static final int POPCNTW = 74;
  public static final int POPCNTD = 75;

  /** d = parity of the low bits of a's bytes, for each word or for the doubleword. */
  public static final int PRTYW = 76;

  public static final int PRTYD = 77;

  /** Each byte of d = 0xff where a's and b's bytes are equal, else 0. */
  public static final int CMPB = 78;

  /** d = the eight bits of b that a's bytes name, numbered from the left. */
  public static final int BPERMD = 79;

  // ---- memory; address = a + imm, or a + b in the X forms
  public static final int LDU8 = 80;
  public static final int LDU16BE = 81;
  public static final int LDS16BE = 82;
  public static final int LDU32BE = 83;
  public static final int LDS32BE = 84;
  public static final int LD64BE = 85;
  public static final int LDU16LE = 86;
  public static final int LDS16LE = 87;
  public static final int LDU32LE = 88;
  public static final int LDS32LE = 89;
  public static final int LD64LE = 90;
  public static final int ST8 = 91;
  public static final int ST16BE = 92;
  public static final int ST32BE = 93;
  public static final int ST64BE = 94;
  public static final int ST16LE = 95;
  public static final int ST32LE = 96;
  public static final int ST64LE = 97;

  /** What is added to a memory operation to get its indexed form. */
  public static final int INDEXED = 18;

  // 98..115: the indexed forms of 80..97

  // ---- leaving the block; the exit's index is imm >>> 8 (or e for the two-slot forms)
  /** Leave through exit imm >>> 8. */
  public static final int GOTO = 120;

  /** Leave if (a & (imm & 0xff)) != 0. */
  public static final int EXIT_ANY = 121;

  /** Leave if (a & (imm & 0xff)) == 0. */
  public static final int EXIT_NONE = 122;

  public static final int EXIT_ZERO32 = 123;
  public static final int EXIT_NONZERO32 = 124;
  public static final int EXIT_ZERO64 = 125;
  public static final int EXIT_NONZERO64 = 126;

  /** Leave to the guest address in a. */
  public static final int JUMP = 127;

  /**
   * Stop with Stop.values()[imm & 0xff]. The pc becomes that of this instruction, or the next one
   * if bit 8 of imm is set.
   */
  public static final int STOP = 128;

  /** The same, only if a != 0. */
  public static final int STOP_IF = 129;

  /** Call the instruction set's helper number imm & 0xffff with pool[imm >>> 16]. */
  public static final int HELP = 130;

  // ---- reservations; address in a, which must be a multiple of the size
  /** Slot of the guest address that is reserved, or -1. */
  public static final int RESERVATION = 50;

  /** Slot of what was loaded there, zero-extended. */
  public static final int RESERVED = 51;

  /** Slot of the reservation's size in bytes. */
  public static final int RESERVED_SIZE = 52;

  /** In e: the logarithm of the size, 0 to 3. */
  public static final int SIZE = 3;

  /** In e: most significant byte first. */
  public static final int BIG = 4;

  /** d = what is at a, zero-extended; reserves it. */
  public static final int RESERVE = 131;

  /**
   * If a is reserved with this size and holds what was loaded, stores b's low part there. d = 1 if
   * so, else 0. No reservation is left.
   */
  public static final int STORE_CONDITIONAL = 132;

  /** d = the timebase, {@link dev.vestibule.cpu.Cpu#timebase}. */
  public static final int TIMEBASE = 133;

  // ---- floating point (FloatOps) and vectors (VectorOps)
  public static final int FIRST_FLOAT = 200;
  public static final int FIRST_VECTOR = 320;

  // ---- vectors of 128 bits, of whatever elements
  /** d = a. */
  public static final int VMOV = 320;

  public static final int VAND = 321;

  /** d = a & ~b. */
  public static final int VANDC = 322;

  public static final int VOR = 323;
  public static final int VORC = 324;
  public static final int VXOR = 325;
  public static final int VNOR = 326;
  public static final int VNAND = 327;
  public static final int VEQV = 328;

  /** d = a's bits where c's are 0, b's where they are 1. */
  public static final int VSEL = 329;

  /** d = 0. */
  public static final int VZERO = 330;

  /** d = 16 bytes at a + imm, one big-endian number. */
  public static final int VLD128BE = 331;

  /** d = 16 bytes at a + imm, one little-endian number. */
  public static final int VLD128LE = 332;

  /** d = 16 bytes at a + imm, two little-endian doublewords, element 0 first. */
  public static final int VLD64X2LE = 333;

  /** d = 16 bytes at a + imm, four little-endian words, element 0 first. */
  public static final int VLD32X4LE = 334;

  /** Stores d, as the load of the same name reads it. */
  public static final int VST128BE = 335;

  public static final int VST128LE = 336;
  public static final int VST64X2LE = 337;
  public static final int VST32X4LE = 338;

  private Op() {}

  public static int op(long micro) {
    return (int) micro & 0x3ff;
  }

  public static int d(long micro) {
    return (int) (micro >>> 10) & 0x7ff;
  }

  public static int a(long micro) {
    return (int) (micro >>> 21) & 0x7ff;
  }

  public static int b(long micro) {
    return (int) (micro >>> 32) & 0x7ff;
  }

  public static int c(long micro) {
    return (int) (micro >>> 43) & 0x7ff;
  }

  public static int e(long micro) {
    return (int) (micro >>> 54);
  }

  public static int imm(long micro) {
    return (int) (micro >> 32);
  }

  public static long encode(int op, int d, int a, int b, int c, int e) {
    return op | (long) d << 10 | (long) a << 21 | (long) b << 32 | (long) c << 43 | (long) e << 54;
  }

  public static long encodeImmediate(int op, int d, int a, int imm) {
    return op | (long) d << 10 | (long) a << 21 | (long) imm << 32;
  }
}
