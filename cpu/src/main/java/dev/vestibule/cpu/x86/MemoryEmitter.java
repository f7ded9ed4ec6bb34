package dev.vestibule.cpu.x86;

import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.cpu.micro.Op;
import java.util.ArrayList;
import java.util.List;

/**
 * How does machine code reach guest memory?
 *
 * <p>R15 is the window, R14 the table of page bytes, which is asked before each access as the
 * interpreter does. What the fast path does not allow (a missing page, a page of translated code, a
 * page boundary within the access) leaves to the interpreter before anything is changed.
 */
class MemoryEmitter extends IntegerEmitter {
  private static final int PAGE_MASK = GuestMemory.PAGE_SIZE - 1;
  static final int MOVBE_LOAD = 0x0f38f0;
  static final int MOVBE_STORE = 0x0f38f1;
  private static final int MOVE_LOAD = 0x8b;
  private static final int MOVE_STORE = 0x89;
  private static final int ZERO_EXTEND8 = 0x0fb6;
  private static final int ZERO_EXTEND16 = 0x0fb7;
  private static final int SIGN_EXTEND16 = 0x0fbf;
  private static final int SIGN_EXTEND32 = 0x63;

  /** An access that is not aligned: where it goes on if it stays within its page. */
  private record Unaligned(Label from, Label back, int address, int size, Label slow) {}

  private final List<Unaligned> unaligned = new ArrayList<>();
  private boolean wide;
  private int pages;

  MemoryEmitter(int[] hotSlots, HostFeatures host) {
    super(hotSlots, host);
  }

  final void beginMemory(GuestMemory memory) {
    wide = memory.wide();
    pages = (int) (memory.limit() >>> GuestMemory.PAGE_SHIFT);
    unaligned.clear();
  }

  static boolean accesses(int op) {
    return op >= Op.LDU8 && op <= Op.ST64LE + Op.INDEXED;
  }

  final void emitMemory(long w, Label slow) {
    int op = Op.op(w);
    boolean indexed = op > Op.ST64LE;
    int plain = indexed ? op - Op.INDEXED : op;
    int address = indexed ? indexedAddress(Op.a(w), Op.b(w)) : displaced(Op.a(w), Op.imm(w));
    boolean store = plain >= Op.ST8;
    checked(address, size(plain), store ? GuestMemory.STORE_OK : GuestMemory.LOAD_OK, slow);
    if (store) {
      storeValue(plain, Op.d(w), address);
    } else {
      loadValue(plain, Op.d(w), address);
      written(Op.d(w));
    }
  }

  private static int size(int op) {
    return switch (op) {
      case Op.LDU8, Op.ST8 -> 1;
      case Op.LDU16BE, Op.LDS16BE, Op.LDU16LE, Op.LDS16LE, Op.ST16BE, Op.ST16LE -> 2;
      case Op.LD64BE, Op.LD64LE, Op.ST64BE, Op.ST64LE -> 8;
      default -> 4;
    };
  }

  // ---- addresses --------------------------------------------------------------------------------

  /** A register that holds the address of slot + displacement, truncated on 32-bit guests. */
  final int displaced(int base, int displacement) {
    if (isConstant(base)) {
      long address = constantOf(base) + displacement;
      constantKeepingFlags(RAX, wide ? address : address & 0xffff_ffffL);
      return RAX;
    }
    int register = use(base, RAX);
    if (wide && displacement == 0) {
      return register;
    }
    loadAddress(wide, RAX, register, displacement);
    return RAX;
  }

  private int indexedAddress(int a, int b) {
    int first = use(a, RAX);
    int second = use(b, RCX);
    loadAddress(wide, RAX, first, second, 0, 0);
    return RAX;
  }

  /** Leaves to {@code slow} unless the access is allowed and within one page; RCX is changed. */
  final void checked(int address, int size, int need, Label slow) {
    move(RCX, address);
    shift(wide, SHR, RCX, GuestMemory.PAGE_SHIFT);
    if (wide || pages != 1 << 32 - GuestMemory.PAGE_SHIFT) {
      operateConstant(true, CMP, RCX, pages);
      jumpIf(ABOVE_EQUAL, slow);
    }
    testMemoryByte(R14, RCX, 0, need);
    jumpIf(EQUAL, slow);
    if (size > 1) {
      Unaligned other = new Unaligned(new Label(), new Label(), address, size, slow);
      testByte(address, size - 1);
      jumpIf(NOT_EQUAL, other.from);
      bind(other.back);
      unaligned.add(other);
    }
  }

  /** Emits what stands apart from the straight line. */
  final void finishMemory() {
    for (Unaligned access : unaligned) {
      bind(access.from);
      move32(RCX, access.address);
      operateConstant(false, AND, RCX, PAGE_MASK);
      operateConstant(false, CMP, RCX, GuestMemory.PAGE_SIZE - access.size);
      jumpIf(ABOVE, access.slow);
      jump(access.back);
    }
  }

  // ---- accesses ---------------------------------------------------------------------------------

  private void loadValue(int op, int d, int at) {
    int to = target(d);
    switch (op) {
      case Op.LDU8 -> loadIndexed(false, ZERO_EXTEND8, to, R15, at);
      case Op.LDU16LE -> loadIndexed(false, ZERO_EXTEND16, to, R15, at);
      case Op.LDS16LE -> loadIndexed(true, SIGN_EXTEND16, to, R15, at);
      case Op.LDU32LE -> loadIndexed(false, MOVE_LOAD, to, R15, at);
      case Op.LDS32LE -> loadIndexed(true, SIGN_EXTEND32, to, R15, at);
      case Op.LD64LE -> loadIndexed(true, MOVE_LOAD, to, R15, at);
      default -> loadReversed(op, to, at);
    }
    define(d, to);
  }

  private void loadReversed(int op, int to, int at) {
    switch (op) {
      case Op.LDU16BE, Op.LDS16BE -> {
        loadIndexed(false, ZERO_EXTEND16, to, R15, at);
        byteSwap(false, to);
        shift(false, op == Op.LDS16BE ? SAR : SHR, to, 16);
        if (op == Op.LDS16BE) {
          signExtend32(to, to);
        }
      }
      case Op.LD64BE -> swapped(true, to, at);
      default -> {
        swapped(false, to, at);
        if (op == Op.LDS32BE) {
          signExtend32(to, to);
        }
      }
    }
  }

  private void swapped(boolean doubleword, int to, int at) {
    if (host().movbe()) {
      loadIndexed(doubleword, MOVBE_LOAD, to, R15, at);
    } else {
      loadIndexed(doubleword, MOVE_LOAD, to, R15, at);
      byteSwap(doubleword, to);
    }
  }

  private void storeValue(int op, int value, int at) {
    int from = use(value, RDX);
    switch (op) {
      case Op.ST8 -> store8(from, R15, at);
      case Op.ST16LE -> memory16(MOVE_STORE, from, R15, at);
      case Op.ST32LE -> loadIndexed(false, MOVE_STORE, from, R15, at);
      case Op.ST64LE -> loadIndexed(true, MOVE_STORE, from, R15, at);
      default -> storeReversed(op, from, at);
    }
  }

  private void storeReversed(int op, int from, int at) {
    boolean doubleword = op == Op.ST64BE;
    if (op == Op.ST16BE) {
      move32(RDX, from);
      byteSwap(false, RDX);
      shift(false, SHR, RDX, 16);
      memory16(MOVE_STORE, RDX, R15, at);
    } else if (host().movbe()) {
      loadIndexed(doubleword, MOVBE_STORE, from, R15, at);
    } else {
      move(RDX, from);
      byteSwap(doubleword, RDX);
      loadIndexed(doubleword, MOVE_STORE, RDX, R15, at);
    }
  }
}
