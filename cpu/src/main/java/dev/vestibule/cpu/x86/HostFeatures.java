package dev.vestibule.cpu.x86;

import dev.vestibule.host.AuxiliaryVector;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;

/**
 * What can this host's processor do beyond what every x86-64 has?
 *
 * <p>Bits as CPUID and XGETBV give them (Intel SDM volume 2A); what needs registers that the kernel
 * does not save counts as missing.
 *
 * @param basic ECX of leaf 1
 * @param structuredB EBX of leaf 7
 * @param structuredC ECX of leaf 7
 * @param extended ECX of leaf 0x80000001
 * @param saved XCR0: which registers the kernel saves
 * @param allowed AT_HWCAP2: what the kernel lets programs use
 */
record HostFeatures(
    int basic, int structuredB, int structuredC, int extended, int saved, long allowed) {
  private static final int AT_HWCAP2 = 26;
  private static final int HWCAP2_FSGSBASE = 2;
  private static final int AVX_SAVED = 0x6;
  private static final int AVX512_SAVED = 0xe6;
  private static final int EBX = 4;
  private static final int ECX = 8;

  /** Loads and stores with swapped bytes. */
  boolean movbe() {
    return bit(basic, 22);
  }

  /** Counting of leading zeros. */
  boolean lzcnt() {
    return bit(extended, 5);
  }

  /** Counting of ones. */
  boolean popcnt() {
    return bit(basic, 23);
  }

  /** Byte shuffles. */
  boolean ssse3() {
    return bit(basic, 9);
  }

  /** What vectors of integers need: SSSE3, SSE4.1 and SSE4.2. */
  boolean sse42() {
    return ssse3() && bit(basic, 19) && bit(basic, 20);
  }

  boolean aes() {
    return bit(basic, 25);
  }

  /** Products without carries. */
  boolean pclmul() {
    return bit(basic, 1);
  }

  /** Three operands. */
  boolean avx() {
    return bit(basic, 28) && (saved & AVX_SAVED) == AVX_SAVED;
  }

  /** Fused multiply-add. */
  boolean fma() {
    return avx() && bit(basic, 12);
  }

  /** Shifts of each element by its own amount. */
  boolean avx2() {
    return avx() && bit(structuredB, 5);
  }

  /** Instructions that set the beginning of a segment. */
  boolean fsgsbase() {
    return (allowed & HWCAP2_FSGSBASE) != 0;
  }

  boolean bmi2() {
    return bit(structuredB, 8);
  }

  /** AVX-512 with all that Skylake servers have: F, DQ, CD, BW and VL. */
  boolean avx512() {
    return avx2()
        && (saved & AVX512_SAVED) == AVX512_SAVED
        && bit(structuredB, 16)
        && bit(structuredB, 17)
        && bit(structuredB, 28)
        && bit(structuredB, 30)
        && bit(structuredB, 31);
  }

  /** Byte permutations of two registers. */
  boolean vbmi() {
    return avx512() && bit(structuredC, 1);
  }

  /**
   * The features of a lesser host.
   *
   * @param names as in /proc/cpuinfo, but {@code sse4} for both parts of it, {@code lzcnt} for abm,
   *     and {@code avx512} for all parts of that
   * @throws IllegalArgumentException for names of features that make no difference
   */
  HostFeatures without(Iterable<String> names) {
    HostFeatures rest = this;
    for (String name : names) {
      rest = rest.without(name);
    }
    return rest;
  }

  private HostFeatures without(String name) {
    return switch (name) {
      case "pclmulqdq" -> withoutBasic(1);
      case "ssse3" -> withoutBasic(9);
      case "fma" -> withoutBasic(12);
      case "sse4" -> withoutBasic(19).withoutBasic(20);
      case "movbe" -> withoutBasic(22);
      case "popcnt" -> withoutBasic(23);
      case "aes" -> withoutBasic(25);
      case "avx" -> withoutBasic(28);
      case "lzcnt" -> new HostFeatures(basic, structuredB, structuredC, 0, saved, allowed);
      case "avx2" -> withoutStructured(5);
      case "bmi2" -> withoutStructured(8);
      case "avx512" -> withoutStructured(16);
      case "vbmi" -> new HostFeatures(basic, structuredB, 0, extended, saved, allowed);
      case "fsgsbase" -> new HostFeatures(basic, structuredB, structuredC, extended, saved, 0);
      default -> throw new IllegalArgumentException("no feature of a host: " + name);
    };
  }

  private HostFeatures withoutBasic(int n) {
    int rest = basic & ~(1 << n);
    return new HostFeatures(rest, structuredB, structuredC, extended, saved, allowed);
  }

  private HostFeatures withoutStructured(int n) {
    int rest = structuredB & ~(1 << n);
    return new HostFeatures(basic, rest, structuredC, extended, saved, allowed);
  }

  private static boolean bit(int word, int n) {
    return (word >>> n & 1) != 0;
  }

  /** Asks the processor, by a few instructions of our own. */
  static HostFeatures probe(CodeMemory memory) {
    Assembler a = new Assembler();
    // cpuid(rdi = leaf, rsi = where to put eax, ebx and ecx)
    a.move(Assembler.R8, Assembler.RBX);
    a.move32(Assembler.RAX, Assembler.RDI);
    a.constant(Assembler.RCX, 0);
    a.cpuid();
    a.memory(false, 0x89, Assembler.RAX, Assembler.RSI, 0);
    a.memory(false, 0x89, Assembler.RBX, Assembler.RSI, EBX);
    a.memory(false, 0x89, Assembler.RCX, Assembler.RSI, ECX);
    a.move(Assembler.RBX, Assembler.R8);
    a.ret();
    long cpuid = memory.address(memory.append(a.bytes(), a.size()));
    a.reset();
    // xgetbv(rdi = register, rsi = where to put eax)
    a.move32(Assembler.RCX, Assembler.RDI);
    a.xgetbv();
    a.memory(false, 0x89, Assembler.RAX, Assembler.RSI, 0);
    a.ret();
    long xgetbv = memory.address(memory.append(a.bytes(), a.size()));
    int basic = ask(cpuid, 1, ECX);
    boolean structured = ask(cpuid, 0, 0) >= 7;
    return new HostFeatures(
        basic,
        structured ? ask(cpuid, 7, EBX) : 0,
        structured ? ask(cpuid, 7, ECX) : 0,
        ask(cpuid, 0x8000_0001, ECX),
        bit(basic, 27) ? ask(xgetbv, 0, 0) : 0,
        AuxiliaryVector.value(AT_HWCAP2));
  }

  private static int ask(long code, int what, int answer) {
    long result = HostMemory.allocate(16);
    Libc.call(code, what, result);
    int word = HostMemory.i32le(result + answer);
    HostMemory.free(result);
    return word;
  }
}
