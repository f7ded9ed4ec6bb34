package dev.vestibule.cpu.x86;

import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.cpu.micro.Op;

/**
 * How does machine code reach guest memory?
 *
 * <p>The segment GS begins at the window, and the host enforces what the page table says: an access
 * is one instruction, and what is not allowed faults. Addresses of 64 bits are compared with the
 * window's size first, unless they are known to lie within the guard areas around the window (see
 * {@link Values}); those of 32 bits are truncated by the processor, and the window holds them all.
 */
class MemoryEmitter extends IntegerEmitter {
  /** Displacements up to this are left to the guard areas. */
  private static final int NEAR = 1 << 15;

  private static final int LIMIT = offset(Translator.LIMIT);
  static final int MOVBE_LOAD = 0x0f38f0;
  static final int MOVBE_STORE = 0x0f38f1;
  static final int OPERAND16 = 0x66;
  private static final int MOVE_LOAD = 0x8b;
  private static final int MOVE_STORE = 0x89;
  private static final int MOVE_STORE8 = 0x88;
  private static final int ZERO_EXTEND8 = 0x0fb6;
  private static final int ZERO_EXTEND16 = 0x0fb7;
  private static final int SIGN_EXTEND16 = 0x0fbf;
  private static final int SIGN_EXTEND32 = 0x63;
  private static final int LOCK = 0xf0;
  private static final int EXCHANGE8 = 0x0fb0;
  private static final int EXCHANGE = 0x0fb1;

  private boolean wide;
  private boolean truncates;
  private long limit;

  MemoryEmitter(int[] hotSlots, HostFeatures host) {
    super(hotSlots, host);
  }

  final void beginMemory(GuestMemory memory) {
    wide = memory.wide();
    limit = memory.limit();
    truncates = memory.spansAll();
  }

  static boolean accesses(int op) {
    return op >= Op.LDU8 && op <= Op.ST64LE + Op.INDEXED
        || op == Op.RESERVE
        || op == Op.STORE_CONDITIONAL;
  }

  /** Whether an operation's d is not its result but what it stores. */
  static boolean stores(int op) {
    int plain = op > Op.ST64LE && op <= Op.ST64LE + Op.INDEXED ? op - Op.INDEXED : op;
    return plain >= Op.ST8 && plain <= Op.ST64LE || op >= Op.VST128BE && op <= Op.VST32X4LE;
  }

  final void emitMemory(long w, Label slow) {
    int op = Op.op(w);
    if (op == Op.RESERVE) {
      reserve(w, slow);
      return;
    }
    if (op == Op.STORE_CONDITIONAL) {
      storeConditional(w, slow);
      return;
    }
    boolean indexed = op > Op.ST64LE;
    int plain = indexed ? op - Op.INDEXED : op;
    Place place = indexed ? indexed(Op.a(w), Op.b(w), slow) : displaced(Op.a(w), Op.imm(w), slow);
    if (plain >= Op.ST8) {
      storeValue(plain, Op.d(w), place);
    } else {
      loadValue(plain, Op.d(w), place);
    }
  }

  // ---- addresses --------------------------------------------------------------------------------

  /** The place slot + displacement; leaves to {@code slow} if it is outside the window. */
  final Place displaced(int base, int displacement, Label slow) {
    if (isConstant(base)) {
      long address = constantOf(base) + displacement;
      if (truncates) {
        return new Place(-1, -1, (int) address);
      }
      if (Long.compareUnsigned(address, Math.min(limit, Integer.MAX_VALUE)) < 0) {
        return new Place(-1, -1, (int) address);
      }
      constantKeepingFlags(RAX, wide ? address : address & 0xffff_ffffL);
      return checked(RAX, 0, slow);
    }
    int register = use(base, RAX);
    if (truncates) {
      return new Place(register, -1, displacement);
    }
    if (!wide || displacement >= NEAR || displacement < -NEAR) {
      loadAddress(wide, RAX, register, displacement);
      return checked(RAX, 0, slow);
    }
    Place place =
        values().inReach(base)
            ? new Place(register, -1, displacement)
            : checked(register, displacement, slow);
    values().accessed(base, displacement);
    return place;
  }

  private Place indexed(int a, int b, Label slow) {
    if (isConstant(a) && constantOf(a) == 0) {
      return displaced(b, 0, slow);
    }
    int first = use(a, RAX);
    int second = use(b, RCX);
    if (truncates) {
      return new Place(first, second, 0);
    }
    boolean index = values().isIndex(b);
    if (wide && index && values().inReach(a)
        || wide && values().isIndex(a) && values().inReach(b)) {
      return new Place(first, second, 0);
    }
    if (wide && index) {
      values().accessed(a, values().indexBound(b));
    }
    loadAddress(wide, RAX, first, second, 0, 0);
    return checked(RAX, 0, slow);
  }

  private Place checked(int register, int displacement, Label slow) {
    operateMemory(true, CMP, register, RBP, LIMIT);
    jumpIf(ABOVE_EQUAL, slow);
    return new Place(register, -1, displacement);
  }

  /** An access with an optional prefix; {@code wide} selects 64-bit operands. */
  final void guest(int prefix, boolean wideOperand, int op, int register, Place place) {
    guest(truncates, prefix, wideOperand, op, register, place);
  }

  // ---- accesses ---------------------------------------------------------------------------------

  private void loadValue(int op, int d, Place at) {
    int to = target(d);
    switch (op) {
      case Op.LDU8 -> guest(0, false, ZERO_EXTEND8, to, at);
      case Op.LDU16LE -> guest(0, false, ZERO_EXTEND16, to, at);
      case Op.LDS16LE -> guest(0, true, SIGN_EXTEND16, to, at);
      case Op.LDU32LE -> guest(0, false, MOVE_LOAD, to, at);
      case Op.LDS32LE -> guest(0, true, SIGN_EXTEND32, to, at);
      case Op.LD64LE -> guest(0, true, MOVE_LOAD, to, at);
      default -> loadReversed(op, to, at);
    }
    define(d, to);
  }

  private void loadReversed(int op, int to, Place at) {
    switch (op) {
      case Op.LDU16BE, Op.LDS16BE -> {
        guest(0, false, ZERO_EXTEND16, to, at);
        rotate16(to, 8);
        if (op == Op.LDS16BE) {
          signExtend16(to, to);
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

  /** Loads a word or doubleword with its bytes reversed. */
  final void swapped(boolean doubleword, int to, Place at) {
    if (host().movbe()) {
      guest(0, doubleword, MOVBE_LOAD, to, at);
    } else {
      guest(0, doubleword, MOVE_LOAD, to, at);
      byteSwap(doubleword, to);
    }
  }

  private void storeValue(int op, int value, Place at) {
    int from = use(value, RDX);
    switch (op) {
      case Op.ST8 -> guest(0, false, MOVE_STORE8, from, at);
      case Op.ST16LE -> guest(OPERAND16, false, MOVE_STORE, from, at);
      case Op.ST32LE -> guest(0, false, MOVE_STORE, from, at);
      case Op.ST64LE -> guest(0, true, MOVE_STORE, from, at);
      default -> storeReversed(op, from, at);
    }
  }

  private void storeReversed(int op, int from, Place at) {
    boolean doubleword = op == Op.ST64BE;
    int prefix = op == Op.ST16BE ? OPERAND16 : 0;
    if (host().movbe()) {
      guest(prefix, doubleword, MOVBE_STORE, from, at);
    } else {
      move(RDX, from);
      if (op == Op.ST16BE) {
        rotate16(RDX, 8);
      } else {
        byteSwap(doubleword, RDX);
      }
      guest(prefix, doubleword, MOVE_STORE, RDX, at);
    }
  }

  // ---- reservations -----------------------------------------------------------------------------

  /** RCX = the address in a; leaves if it is not aligned or outside the window. */
  private Place aligned(long w, Label slow) {
    if (wide) {
      into(RCX, Op.a(w));
    } else {
      into32(RCX, Op.a(w));
    }
    int size = 1 << (Op.e(w) & Op.SIZE);
    if (size > 1) {
      testByte(RCX, size - 1);
      jumpIf(NOT_EQUAL, slow);
    }
    return truncates ? new Place(RCX, -1, 0) : checked(RCX, 0, slow);
  }

  private void reserve(long w, Label slow) {
    Place at = aligned(w, slow);
    int log = Op.e(w) & Op.SIZE;
    int load = log == 0 ? ZERO_EXTEND8 : log == 1 ? ZERO_EXTEND16 : MOVE_LOAD;
    guest(0, log == 3, load, RAX, at);
    inOrder(w, RAX);
    store(RCX, RBP, offset(Op.RESERVATION));
    store(RAX, RBP, offset(Op.RESERVED));
    storeConstant(1 << log, RBP, offset(Op.RESERVED_SIZE));
    define(Op.d(w), RAX);
  }

  private void inOrder(long w, int register) {
    int log = Op.e(w) & Op.SIZE;
    if ((Op.e(w) & Op.BIG) != 0 && log == 1) {
      rotate16(register, 8);
    } else if ((Op.e(w) & Op.BIG) != 0 && log > 1) {
      byteSwap(log == 3, register);
    }
  }

  private void storeConditional(long w, Label slow) {
    Place at = aligned(w, slow);
    int log = Op.e(w) & Op.SIZE;
    Label done = new Label();
    constant(RAX, 0);
    operateMemory(true, CMP, RCX, RBP, offset(Op.RESERVATION));
    jumpIf(NOT_EQUAL, done);
    operateMemoryConstant(true, CMP, RBP, offset(Op.RESERVED_SIZE), 1 << log);
    jumpIf(NOT_EQUAL, done);
    load(RAX, RBP, offset(Op.RESERVED));
    into(RDX, Op.b(w));
    inOrder(w, RAX);
    inOrder(w, RDX);
    emit8(LOCK);
    guest(log == 1 ? OPERAND16 : 0, log == 3, log == 0 ? EXCHANGE8 : EXCHANGE, RDX, at);
    set(EQUAL, RAX);
    zeroExtend8(RAX, RAX);
    bind(done);
    storeConstant(-1, RBP, offset(Op.RESERVATION));
    define(Op.d(w), RAX);
  }
}
