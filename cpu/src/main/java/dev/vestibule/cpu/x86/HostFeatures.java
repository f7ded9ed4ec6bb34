package dev.vestibule.cpu.x86;

import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;

/**
 * What can this host's processor do beyond what every x86-64 has?
 *
 * @param movbe loads and stores with swapped bytes
 * @param lzcnt counting of leading zeros
 * @param popcnt counting of ones
 * @param ssse3 byte shuffles
 * @param fma fused multiply-add
 */
record HostFeatures(boolean movbe, boolean lzcnt, boolean popcnt, boolean ssse3, boolean fma) {
  /** Asks the processor, by a few instructions of our own: CPUID, Intel SDM volume 2A. */
  static HostFeatures probe(CodeMemory memory) {
    Assembler a = new Assembler();
    // cpuid(rdi = leaf, rsi = where to put ecx)
    a.move(Assembler.R8, Assembler.RBX);
    a.move32(Assembler.RAX, Assembler.RDI);
    a.constant(Assembler.RCX, 0);
    a.cpuid();
    a.memory(false, 0x89, Assembler.RCX, Assembler.RSI, 0);
    a.move(Assembler.RBX, Assembler.R8);
    a.ret();
    long code = memory.address(memory.append(a.bytes(), a.size()));
    int basic = ecx(code, 1);
    int extended = ecx(code, 0x8000_0001);
    boolean avx = (basic >>> 27 & 3) == 3; // OSXSAVE and AVX
    return new HostFeatures(
        (basic >>> 22 & 1) != 0,
        (extended >>> 5 & 1) != 0,
        (basic >>> 23 & 1) != 0,
        (basic >>> 9 & 1) != 0,
        avx && (basic >>> 12 & 1) != 0);
  }

  private static int ecx(long code, int leaf) {
    long result = HostMemory.allocate(16);
    Libc.call(HostMemory.segment(code, 64), leaf, result);
    int ecx = HostMemory.i32le(result);
    HostMemory.free(result);
    return ecx;
  }
}
