package dev.vestibule.cpu.micro;

import dev.vestibule.cpu.Block;
import dev.vestibule.cpu.Cpu;
import dev.vestibule.cpu.GuestFault;
import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.cpu.Stop;
import dev.vestibule.cpu.fp.Fpscr;
import jdk.internal.misc.Unsafe;
import org.jspecify.annotations.Nullable;

/**
 * How are micro-operations executed without machine code of our own?
 *
 * <p>The reference executor: one switch over the operations of a block, straight on the thread's
 * native record. Blocks lead to blocks without leaving the loop; whatever the kernel must see
 * leaves it. The method is kept below HotSpot's limit of 8000 bytes of bytecode, beyond which it
 * would never be compiled; rare groups live in methods of their own.
 */
public final class Interpreter {
  private static final Unsafe U = Unsafe.getUnsafe();
  private static final long M32 = 0xffff_ffffL;
  private static final long MIN = Long.MIN_VALUE;
  private static final Stop[] STOPS = Stop.values();

  private Interpreter() {}

  /** Runs from the pc; see {@link #run(Cpu, Block, int)}. */
  static @Nullable Stop run(Cpu cpu) {
    Block block;
    try {
      block = cpu.block(cpu.pc());
    } catch (GuestFault fault) {
      cpu.setFault(fault);
      return Stop.FAULT;
    }
    if (block.spent()) {
      block.grant(Integer.MAX_VALUE);
    }
    return run(cpu, block, 0);
  }

  /**
   * Executes the rest of a block, which need not be in the cache, and what follows.
   *
   * @param from index of the micro-operation to begin with, the first of an instruction
   * @return why the thread stopped, as {@link Cpu#run}; null if the block at the pc has spent its
   *     budget
   */
  public static @Nullable Stop run(Cpu cpu, Block first, int from) {
    Block block = first;
    final long ctx = cpu.context();
    final GuestMemory memory = cpu.memory();
    int at = from;
    long count = 0;
    try {
      do {
        long[] code = block.code();
        long[] pool = block.pool();
        int exit;
        block:
        while (true) {
          long w = code[at++];
          long x;
          int op = (int) w & 0x3ff;
          // Groups, since the quick compiler makes a comparison of each case, one after another.
          if (op < Op.SX8) {
            switch (op) {
              case Op.MOV ->
                  U.putLong(ctx + (w >>> 7 & 0x3ff8), U.getLong(ctx + (w >>> 18 & 0x3ff8)));
              case Op.CONST -> U.putLong(ctx + (w >>> 7 & 0x3ff8), w >> 32);
              case Op.POOL -> U.putLong(ctx + (w >>> 7 & 0x3ff8), pool[(int) (w >> 32)]);
              case Op.ADD ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      U.getLong(ctx + (w >>> 18 & 0x3ff8)) + U.getLong(ctx + (w >>> 29 & 0x3ff8)));
              case Op.ADDI ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8), U.getLong(ctx + (w >>> 18 & 0x3ff8)) + (w >> 32));
              case Op.SUB ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      U.getLong(ctx + (w >>> 18 & 0x3ff8)) - U.getLong(ctx + (w >>> 29 & 0x3ff8)));
              case Op.RSUBI ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8), (w >> 32) - U.getLong(ctx + (w >>> 18 & 0x3ff8)));
              case Op.NEG ->
                  U.putLong(ctx + (w >>> 7 & 0x3ff8), -U.getLong(ctx + (w >>> 18 & 0x3ff8)));
              case Op.MUL ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      U.getLong(ctx + (w >>> 18 & 0x3ff8)) * U.getLong(ctx + (w >>> 29 & 0x3ff8)));
              case Op.MULI ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8), U.getLong(ctx + (w >>> 18 & 0x3ff8)) * (w >> 32));
              case Op.MULHS64 ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      Math.multiplyHigh(
                          U.getLong(ctx + (w >>> 18 & 0x3ff8)),
                          U.getLong(ctx + (w >>> 29 & 0x3ff8))));
              case Op.MULHU64 ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      Math.unsignedMultiplyHigh(
                          U.getLong(ctx + (w >>> 18 & 0x3ff8)),
                          U.getLong(ctx + (w >>> 29 & 0x3ff8))));
              case Op.MULHS32 ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      (long) (int) U.getLong(ctx + (w >>> 18 & 0x3ff8))
                              * (int) U.getLong(ctx + (w >>> 29 & 0x3ff8))
                          >>> 32);
              case Op.MULHU32 ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      (U.getLong(ctx + (w >>> 18 & 0x3ff8)) & M32)
                              * (U.getLong(ctx + (w >>> 29 & 0x3ff8)) & M32)
                          >>> 32);
              case Op.MULS32 ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      (long) (int) U.getLong(ctx + (w >>> 18 & 0x3ff8))
                          * (int) U.getLong(ctx + (w >>> 29 & 0x3ff8)));
              case Op.DIVS32 ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      Arithmetic.divs32(
                          U.getLong(ctx + (w >>> 18 & 0x3ff8)),
                          U.getLong(ctx + (w >>> 29 & 0x3ff8))));
              case Op.DIVU32 ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      Arithmetic.divu32(
                          U.getLong(ctx + (w >>> 18 & 0x3ff8)),
                          U.getLong(ctx + (w >>> 29 & 0x3ff8))));
              case Op.DIVS64 ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      Arithmetic.divs64(
                          U.getLong(ctx + (w >>> 18 & 0x3ff8)),
                          U.getLong(ctx + (w >>> 29 & 0x3ff8))));
              case Op.DIVU64 ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      Arithmetic.divu64(
                          U.getLong(ctx + (w >>> 18 & 0x3ff8)),
                          U.getLong(ctx + (w >>> 29 & 0x3ff8))));
              case Op.AND ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      U.getLong(ctx + (w >>> 18 & 0x3ff8)) & U.getLong(ctx + (w >>> 29 & 0x3ff8)));
              case Op.ANDI ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8), U.getLong(ctx + (w >>> 18 & 0x3ff8)) & w >> 32);
              case Op.OR ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      U.getLong(ctx + (w >>> 18 & 0x3ff8)) | U.getLong(ctx + (w >>> 29 & 0x3ff8)));
              case Op.ORI ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8), U.getLong(ctx + (w >>> 18 & 0x3ff8)) | w >> 32);
              case Op.XOR ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      U.getLong(ctx + (w >>> 18 & 0x3ff8)) ^ U.getLong(ctx + (w >>> 29 & 0x3ff8)));
              case Op.XORI ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8), U.getLong(ctx + (w >>> 18 & 0x3ff8)) ^ w >> 32);
              case Op.ANDC ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      U.getLong(ctx + (w >>> 18 & 0x3ff8)) & ~U.getLong(ctx + (w >>> 29 & 0x3ff8)));
              case Op.ORC ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      U.getLong(ctx + (w >>> 18 & 0x3ff8)) | ~U.getLong(ctx + (w >>> 29 & 0x3ff8)));
              case Op.NAND ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      ~(U.getLong(ctx + (w >>> 18 & 0x3ff8))
                          & U.getLong(ctx + (w >>> 29 & 0x3ff8))));
              case Op.NOR ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      ~(U.getLong(ctx + (w >>> 18 & 0x3ff8))
                          | U.getLong(ctx + (w >>> 29 & 0x3ff8))));
              case Op.EQV ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      ~(U.getLong(ctx + (w >>> 18 & 0x3ff8))
                          ^ U.getLong(ctx + (w >>> 29 & 0x3ff8))));
              case Op.NOT ->
                  U.putLong(ctx + (w >>> 7 & 0x3ff8), ~U.getLong(ctx + (w >>> 18 & 0x3ff8)));
              default -> throw new AssertionError(op);
            }
          } else if (op <= Op.SELECT) {
            switch (op) {
              case Op.SX8 ->
                  U.putLong(ctx + (w >>> 7 & 0x3ff8), (byte) U.getLong(ctx + (w >>> 18 & 0x3ff8)));
              case Op.SX16 ->
                  U.putLong(ctx + (w >>> 7 & 0x3ff8), (short) U.getLong(ctx + (w >>> 18 & 0x3ff8)));
              case Op.SX32 ->
                  U.putLong(ctx + (w >>> 7 & 0x3ff8), (int) U.getLong(ctx + (w >>> 18 & 0x3ff8)));
              case Op.ZX32 ->
                  U.putLong(ctx + (w >>> 7 & 0x3ff8), U.getLong(ctx + (w >>> 18 & 0x3ff8)) & M32);
              case Op.ROTM32 ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      twice(
                              Integer.rotateLeft(
                                  (int) U.getLong(ctx + (w >>> 18 & 0x3ff8)), (int) (w >>> 32)))
                          & pool[(int) (w >>> 38)]);
              case Op.ROTM64 ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      Long.rotateLeft(U.getLong(ctx + (w >>> 18 & 0x3ff8)), (int) (w >>> 32))
                          & pool[(int) (w >>> 38)]);
              case Op.ROTI32 -> {
                x = pool[(int) (w >>> 38)];
                U.putLong(
                    ctx + (w >>> 7 & 0x3ff8),
                    twice(
                                Integer.rotateLeft(
                                    (int) U.getLong(ctx + (w >>> 18 & 0x3ff8)), (int) (w >>> 32)))
                            & x
                        | U.getLong(ctx + (w >>> 7 & 0x3ff8)) & ~x);
              }
              case Op.ROTI64 -> {
                x = pool[(int) (w >>> 38)];
                U.putLong(
                    ctx + (w >>> 7 & 0x3ff8),
                    Long.rotateLeft(U.getLong(ctx + (w >>> 18 & 0x3ff8)), (int) (w >>> 32)) & x
                        | U.getLong(ctx + (w >>> 7 & 0x3ff8)) & ~x);
              }
              case Op.ROTV32 ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      twice(
                          Integer.rotateLeft(
                              (int) U.getLong(ctx + (w >>> 18 & 0x3ff8)),
                              (int) U.getLong(ctx + (w >>> 29 & 0x3ff8)))));
              case Op.ROTV64 ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      Long.rotateLeft(
                          U.getLong(ctx + (w >>> 18 & 0x3ff8)),
                          (int) U.getLong(ctx + (w >>> 29 & 0x3ff8))));
              case Op.SHL32 ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      Arithmetic.shl32(
                          U.getLong(ctx + (w >>> 18 & 0x3ff8)),
                          U.getLong(ctx + (w >>> 29 & 0x3ff8))));
              case Op.SHR32 ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      Arithmetic.shr32(
                          U.getLong(ctx + (w >>> 18 & 0x3ff8)),
                          U.getLong(ctx + (w >>> 29 & 0x3ff8))));
              case Op.SAR32 ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      Arithmetic.sar32(
                          U.getLong(ctx + (w >>> 18 & 0x3ff8)),
                          U.getLong(ctx + (w >>> 29 & 0x3ff8))));
              case Op.SHL64 ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      Arithmetic.shl64(
                          U.getLong(ctx + (w >>> 18 & 0x3ff8)),
                          U.getLong(ctx + (w >>> 29 & 0x3ff8))));
              case Op.SHR64 ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      Arithmetic.shr64(
                          U.getLong(ctx + (w >>> 18 & 0x3ff8)),
                          U.getLong(ctx + (w >>> 29 & 0x3ff8))));
              case Op.SAR64 ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      Arithmetic.sar64(
                          U.getLong(ctx + (w >>> 18 & 0x3ff8)),
                          U.getLong(ctx + (w >>> 29 & 0x3ff8))));
              case Op.SARI32 ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      (int) U.getLong(ctx + (w >>> 18 & 0x3ff8)) >> (int) (w >>> 32));
              case Op.SARI64 ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      U.getLong(ctx + (w >>> 18 & 0x3ff8)) >> (int) (w >>> 32));
              case Op.SHLI ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      U.getLong(ctx + (w >>> 18 & 0x3ff8)) << (int) (w >>> 32));
              case Op.SHRI ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      U.getLong(ctx + (w >>> 18 & 0x3ff8)) >>> (int) (w >>> 32));
              case Op.CLZ32 ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      Integer.numberOfLeadingZeros((int) U.getLong(ctx + (w >>> 18 & 0x3ff8))));
              case Op.CLZ64 ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      Long.numberOfLeadingZeros(U.getLong(ctx + (w >>> 18 & 0x3ff8))));
              case Op.ADDC64 -> Arithmetic.addCarry64(ctx, w, 0);
              case Op.ADDC32 -> Arithmetic.addCarry32(ctx, w, 0);
              case Op.SUBC64 -> Arithmetic.subtractCarry64(ctx, w);
              case Op.SUBC32 -> Arithmetic.subtractCarry32(ctx, w);
              case Op.ADC64 -> Arithmetic.addCarry64(ctx, w, U.getLong(ctx + Op.c(w) * 8L));
              case Op.ADC32 -> Arithmetic.addCarry32(ctx, w, U.getLong(ctx + Op.c(w) * 8L));
              case Op.SARCA32 ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      Arithmetic.lostOnes32(
                          U.getLong(ctx + (w >>> 18 & 0x3ff8)),
                          U.getLong(ctx + (w >>> 29 & 0x3ff8))));
              case Op.SARCA64 ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      Arithmetic.lostOnes64(
                          U.getLong(ctx + (w >>> 18 & 0x3ff8)),
                          U.getLong(ctx + (w >>> 29 & 0x3ff8))));
              case Op.CMPS32 ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      signed(
                              (int) U.getLong(ctx + (w >>> 18 & 0x3ff8)),
                              (int) U.getLong(ctx + (w >>> 29 & 0x3ff8)))
                          | U.getLong(ctx + (w >>> 40 & 0x3ff8)));
              case Op.CMPU32 ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      signed(
                              U.getLong(ctx + (w >>> 18 & 0x3ff8)) & M32,
                              U.getLong(ctx + (w >>> 29 & 0x3ff8)) & M32)
                          | U.getLong(ctx + (w >>> 40 & 0x3ff8)));
              case Op.CMPS64 ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      signed(
                              U.getLong(ctx + (w >>> 18 & 0x3ff8)),
                              U.getLong(ctx + (w >>> 29 & 0x3ff8)))
                          | U.getLong(ctx + (w >>> 40 & 0x3ff8)));
              case Op.CMPU64 ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      signed(
                              U.getLong(ctx + (w >>> 18 & 0x3ff8)) ^ MIN,
                              U.getLong(ctx + (w >>> 29 & 0x3ff8)) ^ MIN)
                          | U.getLong(ctx + (w >>> 40 & 0x3ff8)));
              case Op.CMPSI32 ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      signed((int) U.getLong(ctx + (w >>> 18 & 0x3ff8)), w >> 43)
                          | U.getLong(ctx + (w >>> 29 & 0x3ff8)));
              case Op.CMPUI32 ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      signed(U.getLong(ctx + (w >>> 18 & 0x3ff8)) & M32, w >> 43 & M32)
                          | U.getLong(ctx + (w >>> 29 & 0x3ff8)));
              case Op.CMPSI64 ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      signed(U.getLong(ctx + (w >>> 18 & 0x3ff8)), w >> 43)
                          | U.getLong(ctx + (w >>> 29 & 0x3ff8)));
              case Op.CMPUI64 ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      signed(U.getLong(ctx + (w >>> 18 & 0x3ff8)) ^ MIN, w >> 43 ^ MIN)
                          | U.getLong(ctx + (w >>> 29 & 0x3ff8)));
              case Op.ISZERO64 ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8), U.getLong(ctx + (w >>> 18 & 0x3ff8)) == 0 ? 1 : 0);
              case Op.ISZERO32 ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      (int) U.getLong(ctx + (w >>> 18 & 0x3ff8)) == 0 ? 1 : 0);
              case Op.SELECT ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      U.getLong(ctx + (w >>> 18 & 0x3ff8)) != 0
                          ? U.getLong(ctx + (w >>> 29 & 0x3ff8))
                          : U.getLong(ctx + (w >>> 40 & 0x3ff8)));
              default -> throw new AssertionError(op);
            }
          } else if (op >= Op.LDU8 && op < Op.LDU8 + Op.INDEXED) {
            switch (op) {
              case Op.LDU8 ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      U.getByte(
                              memory.loadable(U.getLong(ctx + (w >>> 18 & 0x3ff8)) + (w >> 32), 1))
                          & 0xffL);
              case Op.LDU16BE ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      U.getShortUnaligned(
                              null,
                              memory.loadable(U.getLong(ctx + (w >>> 18 & 0x3ff8)) + (w >> 32), 2),
                              true)
                          & 0xffffL);
              case Op.LDS16BE ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      U.getShortUnaligned(
                          null,
                          memory.loadable(U.getLong(ctx + (w >>> 18 & 0x3ff8)) + (w >> 32), 2),
                          true));
              case Op.LDU32BE ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      U.getIntUnaligned(
                              null,
                              memory.loadable(U.getLong(ctx + (w >>> 18 & 0x3ff8)) + (w >> 32), 4),
                              true)
                          & M32);
              case Op.LDS32BE ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      U.getIntUnaligned(
                          null,
                          memory.loadable(U.getLong(ctx + (w >>> 18 & 0x3ff8)) + (w >> 32), 4),
                          true));
              case Op.LD64BE ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      U.getLongUnaligned(
                          null,
                          memory.loadable(U.getLong(ctx + (w >>> 18 & 0x3ff8)) + (w >> 32), 8),
                          true));
              case Op.LDU16LE ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      U.getShortUnaligned(
                              null,
                              memory.loadable(U.getLong(ctx + (w >>> 18 & 0x3ff8)) + (w >> 32), 2),
                              false)
                          & 0xffffL);
              case Op.LDS16LE ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      U.getShortUnaligned(
                          null,
                          memory.loadable(U.getLong(ctx + (w >>> 18 & 0x3ff8)) + (w >> 32), 2),
                          false));
              case Op.LDU32LE ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      U.getIntUnaligned(
                              null,
                              memory.loadable(U.getLong(ctx + (w >>> 18 & 0x3ff8)) + (w >> 32), 4),
                              false)
                          & M32);
              case Op.LDS32LE ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      U.getIntUnaligned(
                          null,
                          memory.loadable(U.getLong(ctx + (w >>> 18 & 0x3ff8)) + (w >> 32), 4),
                          false));
              case Op.LD64LE ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      U.getLongUnaligned(
                          null,
                          memory.loadable(U.getLong(ctx + (w >>> 18 & 0x3ff8)) + (w >> 32), 8),
                          false));
              case Op.ST8 ->
                  U.putByte(
                      memory.storable(U.getLong(ctx + (w >>> 18 & 0x3ff8)) + (w >> 32), 1),
                      (byte) U.getLong(ctx + (w >>> 7 & 0x3ff8)));
              case Op.ST16BE ->
                  U.putShortUnaligned(
                      null,
                      memory.storable(U.getLong(ctx + (w >>> 18 & 0x3ff8)) + (w >> 32), 2),
                      (short) U.getLong(ctx + (w >>> 7 & 0x3ff8)),
                      true);
              case Op.ST32BE ->
                  U.putIntUnaligned(
                      null,
                      memory.storable(U.getLong(ctx + (w >>> 18 & 0x3ff8)) + (w >> 32), 4),
                      (int) U.getLong(ctx + (w >>> 7 & 0x3ff8)),
                      true);
              case Op.ST64BE ->
                  U.putLongUnaligned(
                      null,
                      memory.storable(U.getLong(ctx + (w >>> 18 & 0x3ff8)) + (w >> 32), 8),
                      U.getLong(ctx + (w >>> 7 & 0x3ff8)),
                      true);
              case Op.ST16LE ->
                  U.putShortUnaligned(
                      null,
                      memory.storable(U.getLong(ctx + (w >>> 18 & 0x3ff8)) + (w >> 32), 2),
                      (short) U.getLong(ctx + (w >>> 7 & 0x3ff8)),
                      false);
              case Op.ST32LE ->
                  U.putIntUnaligned(
                      null,
                      memory.storable(U.getLong(ctx + (w >>> 18 & 0x3ff8)) + (w >> 32), 4),
                      (int) U.getLong(ctx + (w >>> 7 & 0x3ff8)),
                      false);
              case Op.ST64LE ->
                  U.putLongUnaligned(
                      null,
                      memory.storable(U.getLong(ctx + (w >>> 18 & 0x3ff8)) + (w >> 32), 8),
                      U.getLong(ctx + (w >>> 7 & 0x3ff8)),
                      false);
              default -> throw new AssertionError(op);
            }
          } else if (op >= Op.LDU8 + Op.INDEXED && op < Op.GOTO) {
            switch (op) {
              case Op.LDU8 + Op.INDEXED ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      U.getByte(
                              memory.loadable(
                                  U.getLong(ctx + (w >>> 18 & 0x3ff8))
                                      + U.getLong(ctx + (w >>> 29 & 0x3ff8)),
                                  1))
                          & 0xffL);
              case Op.LDU16BE + Op.INDEXED ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      U.getShortUnaligned(
                              null,
                              memory.loadable(
                                  U.getLong(ctx + (w >>> 18 & 0x3ff8))
                                      + U.getLong(ctx + (w >>> 29 & 0x3ff8)),
                                  2),
                              true)
                          & 0xffffL);
              case Op.LDS16BE + Op.INDEXED ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      U.getShortUnaligned(
                          null,
                          memory.loadable(
                              U.getLong(ctx + (w >>> 18 & 0x3ff8))
                                  + U.getLong(ctx + (w >>> 29 & 0x3ff8)),
                              2),
                          true));
              case Op.LDU32BE + Op.INDEXED ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      U.getIntUnaligned(
                              null,
                              memory.loadable(
                                  U.getLong(ctx + (w >>> 18 & 0x3ff8))
                                      + U.getLong(ctx + (w >>> 29 & 0x3ff8)),
                                  4),
                              true)
                          & M32);
              case Op.LDS32BE + Op.INDEXED ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      U.getIntUnaligned(
                          null,
                          memory.loadable(
                              U.getLong(ctx + (w >>> 18 & 0x3ff8))
                                  + U.getLong(ctx + (w >>> 29 & 0x3ff8)),
                              4),
                          true));
              case Op.LD64BE + Op.INDEXED ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      U.getLongUnaligned(
                          null,
                          memory.loadable(
                              U.getLong(ctx + (w >>> 18 & 0x3ff8))
                                  + U.getLong(ctx + (w >>> 29 & 0x3ff8)),
                              8),
                          true));
              case Op.LDU16LE + Op.INDEXED ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      U.getShortUnaligned(
                              null,
                              memory.loadable(
                                  U.getLong(ctx + (w >>> 18 & 0x3ff8))
                                      + U.getLong(ctx + (w >>> 29 & 0x3ff8)),
                                  2),
                              false)
                          & 0xffffL);
              case Op.LDS16LE + Op.INDEXED ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      U.getShortUnaligned(
                          null,
                          memory.loadable(
                              U.getLong(ctx + (w >>> 18 & 0x3ff8))
                                  + U.getLong(ctx + (w >>> 29 & 0x3ff8)),
                              2),
                          false));
              case Op.LDU32LE + Op.INDEXED ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      U.getIntUnaligned(
                              null,
                              memory.loadable(
                                  U.getLong(ctx + (w >>> 18 & 0x3ff8))
                                      + U.getLong(ctx + (w >>> 29 & 0x3ff8)),
                                  4),
                              false)
                          & M32);
              case Op.LDS32LE + Op.INDEXED ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      U.getIntUnaligned(
                          null,
                          memory.loadable(
                              U.getLong(ctx + (w >>> 18 & 0x3ff8))
                                  + U.getLong(ctx + (w >>> 29 & 0x3ff8)),
                              4),
                          false));
              case Op.LD64LE + Op.INDEXED ->
                  U.putLong(
                      ctx + (w >>> 7 & 0x3ff8),
                      U.getLongUnaligned(
                          null,
                          memory.loadable(
                              U.getLong(ctx + (w >>> 18 & 0x3ff8))
                                  + U.getLong(ctx + (w >>> 29 & 0x3ff8)),
                              8),
                          false));
              case Op.ST8 + Op.INDEXED ->
                  U.putByte(
                      memory.storable(
                          U.getLong(ctx + (w >>> 18 & 0x3ff8))
                              + U.getLong(ctx + (w >>> 29 & 0x3ff8)),
                          1),
                      (byte) U.getLong(ctx + (w >>> 7 & 0x3ff8)));
              case Op.ST16BE + Op.INDEXED ->
                  U.putShortUnaligned(
                      null,
                      memory.storable(
                          U.getLong(ctx + (w >>> 18 & 0x3ff8))
                              + U.getLong(ctx + (w >>> 29 & 0x3ff8)),
                          2),
                      (short) U.getLong(ctx + (w >>> 7 & 0x3ff8)),
                      true);
              case Op.ST32BE + Op.INDEXED ->
                  U.putIntUnaligned(
                      null,
                      memory.storable(
                          U.getLong(ctx + (w >>> 18 & 0x3ff8))
                              + U.getLong(ctx + (w >>> 29 & 0x3ff8)),
                          4),
                      (int) U.getLong(ctx + (w >>> 7 & 0x3ff8)),
                      true);
              case Op.ST64BE + Op.INDEXED ->
                  U.putLongUnaligned(
                      null,
                      memory.storable(
                          U.getLong(ctx + (w >>> 18 & 0x3ff8))
                              + U.getLong(ctx + (w >>> 29 & 0x3ff8)),
                          8),
                      U.getLong(ctx + (w >>> 7 & 0x3ff8)),
                      true);
              case Op.ST16LE + Op.INDEXED ->
                  U.putShortUnaligned(
                      null,
                      memory.storable(
                          U.getLong(ctx + (w >>> 18 & 0x3ff8))
                              + U.getLong(ctx + (w >>> 29 & 0x3ff8)),
                          2),
                      (short) U.getLong(ctx + (w >>> 7 & 0x3ff8)),
                      false);
              case Op.ST32LE + Op.INDEXED ->
                  U.putIntUnaligned(
                      null,
                      memory.storable(
                          U.getLong(ctx + (w >>> 18 & 0x3ff8))
                              + U.getLong(ctx + (w >>> 29 & 0x3ff8)),
                          4),
                      (int) U.getLong(ctx + (w >>> 7 & 0x3ff8)),
                      false);
              case Op.ST64LE + Op.INDEXED ->
                  U.putLongUnaligned(
                      null,
                      memory.storable(
                          U.getLong(ctx + (w >>> 18 & 0x3ff8))
                              + U.getLong(ctx + (w >>> 29 & 0x3ff8)),
                          8),
                      U.getLong(ctx + (w >>> 7 & 0x3ff8)),
                      false);
              default -> throw new AssertionError(op);
            }
          } else {
            switch (op) {
              case Op.GOTO -> {
                exit = (int) (w >> 40);
                break block;
              }
              case Op.EXIT_ANY -> {
                if ((U.getLong(ctx + (w >>> 18 & 0x3ff8)) & w >> 32 & 0xff) != 0) {
                  exit = (int) (w >> 40);
                  break block;
                }
              }
              case Op.EXIT_NONE -> {
                if ((U.getLong(ctx + (w >>> 18 & 0x3ff8)) & w >> 32 & 0xff) == 0) {
                  exit = (int) (w >> 40);
                  break block;
                }
              }
              case Op.EXIT_ZERO32 -> {
                if ((int) U.getLong(ctx + (w >>> 18 & 0x3ff8)) == 0) {
                  exit = (int) (w >> 40);
                  break block;
                }
              }
              case Op.EXIT_NONZERO32 -> {
                if ((int) U.getLong(ctx + (w >>> 18 & 0x3ff8)) != 0) {
                  exit = (int) (w >> 40);
                  break block;
                }
              }
              case Op.EXIT_ZERO64 -> {
                if (U.getLong(ctx + (w >>> 18 & 0x3ff8)) == 0) {
                  exit = (int) (w >> 40);
                  break block;
                }
              }
              case Op.EXIT_NONZERO64 -> {
                if (U.getLong(ctx + (w >>> 18 & 0x3ff8)) != 0) {
                  exit = (int) (w >> 40);
                  break block;
                }
              }
              case Op.JUMP -> {
                exit = -1;
                break block;
              }
              default -> {
                Stop stop = rare(cpu, block, w, at - 1);
                if (stop != null) {
                  cpu.addExecuted(count + block.instructionAt(at - 1));
                  return stop;
                }
              }
            }
          }
        }
        count += block.instructions();
        if (exit >= 0) {
          Block next = block.successor(exit);
          if (next == null || !next.valid()) {
            at = -1;
            next = follow(cpu, block, exit);
          }
          block = next;
        } else {
          long target = U.getLong(ctx + (code[at - 1] >>> 18 & 0x3ff8));
          cpu.setPc(target);
          at = -1;
          block = cpu.block(target);
        }
        at = 0;
      } while (!cpu.attention() && !block.spend());
      cpu.setPc(block.pc());
      cpu.addExecuted(count);
      return cpu.attention() ? Stop.ATTENTION : null;
    } catch (GuestFault fault) {
      if (at >= 0) {
        cpu.setPc(block.pcAt(at - 1));
      }
      cpu.addExecuted(count);
      cpu.setFault(fault);
      return Stop.FAULT;
    }
  }

  private static long twice(int value) {
    return (value & M32) * 0x1_0000_0001L;
  }

  private static long signed(long a, long b) {
    return a < b ? 8 : a > b ? 4 : 2;
  }

  /** Executes an operation outside the hot switch; returns why to stop, or null to go on. */
  private static @Nullable Stop rare(Cpu cpu, Block block, long w, int at) {
    int op = Op.op(w);
    if (op >= Op.FIRST_FLOAT) {
      if (op >= Op.FIRST_VECTOR) {
        VectorOps.execute(cpu, w);
      } else {
        FloatOps.execute(cpu, w);
      }
      if (cpu.slot(FloatOp.TRAPS) != 0 && (cpu.slot(FloatOp.FPSCR) & Fpscr.FEX) != 0) {
        cpu.setPc(block.pcAt(at));
        return Stop.FLOAT;
      }
    } else if (op == Op.HELP) {
      int imm = Op.imm(w);
      cpu.isa().help(cpu, imm & 0xffff, block.pool()[imm >>> 16]);
    } else if (op == Op.STOP || (op == Op.STOP_IF && cpu.slot(Op.a(w)) != 0)) {
      int imm = Op.imm(w);
      cpu.setPc((imm & 0x100) != 0 ? block.end() : block.pcAt(at));
      return STOPS[imm & 0xff];
    } else if (op >= Op.POPCNTB && op <= Op.BPERMD) {
      cpu.setSlot(Op.d(w), Arithmetic.count(op, cpu.slot(Op.a(w)), cpu.slot(Op.b(w))));
    } else if (op == Op.RESERVE || op == Op.STORE_CONDITIONAL) {
      Reservations.execute(cpu, w);
    } else if (op == Op.TIMEBASE) {
      cpu.setSlot(Op.d(w), cpu.timebase());
    } else if (op != Op.STOP_IF) {
      throw new AssertionError("micro-operation " + op);
    }
    return null;
  }

  private static Block follow(Cpu cpu, Block block, int exit) {
    long target = block.exit(exit);
    try {
      Block next = cpu.block(target);
      block.link(exit, next);
      return next;
    } catch (GuestFault fault) {
      cpu.setPc(target);
      throw fault;
    }
  }
}
