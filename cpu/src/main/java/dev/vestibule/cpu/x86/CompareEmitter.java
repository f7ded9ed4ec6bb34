package dev.vestibule.cpu.x86;

import dev.vestibule.cpu.Cpu;
import dev.vestibule.cpu.micro.FloatOp;
import dev.vestibule.cpu.micro.MicroBuilder;
import dev.vestibule.cpu.micro.Op;

/**
 * When is a compare carried out?
 *
 * <p>Not where it stands: it is pending until somebody reads its result otherwise than by a branch.
 * Branches compare by themselves. See {@link Context}.
 */
class CompareEmitter extends Locations {
  /** Slots for operands of pending compares that are overwritten: two for each CR field. */
  static final int SAVED = Cpu.EXECUTOR + 8;

  private static final int TEMPORARIES = MicroBuilder.TEMPORARIES;

  /** Compares that have not been carried out, the older one first; 0 for none. */
  private long older;

  private long newer;

  /** What was known when somebody asked last: mostly the same as now, and kept for long. */
  private Context last = Context.NOTHING;

  CompareEmitter(int[] hotSlots) {
    super(hotSlots);
  }

  final void beginCompares(Context context) {
    older = context.first();
    newer = context.second();
  }

  // ---- compares that are pending ----------------------------------------------------------------

  /** What is known now. */
  final Context context() {
    long first = older == 0 ? newer : older;
    long second = older == 0 ? 0 : newer;
    if (!last.is(first, second, inside(), pins())) {
      last = new Context(first, second, inside(), pins());
    }
    return last;
  }

  /** General registers, as bits, whose values are addresses within the window. */
  int inside() {
    return 0;
  }

  /** Forgets what is known of all slots; what is pending must have been settled. */
  void forget() {
    older = 0;
    newer = 0;
  }

  /** Forgets what is known of a slot that was written. */
  void written(int slot) {}

  /** Carries out all compares that are pending. */
  final void settle() {
    if (older != 0) {
      carryOut(older);
    }
    if (newer != 0) {
      carryOut(newer);
    }
    forget();
  }

  /** The pending compare whose result belongs into a slot, or 0. */
  private long pending(int slot) {
    return newer != 0 && Op.d(newer) == slot
        ? newer
        : older != 0 && Op.d(older) == slot ? older : 0;
  }

  private void replace(long old, long now) {
    if (old == newer) {
      newer = now;
    } else {
      older = now;
    }
  }

  /** Must be called before each micro-operation: keeps what is pending right. */
  final void prepare(long w) {
    if (older != 0) {
      older = prepared(older, w);
    }
    if (newer != 0) {
      newer = prepared(newer, w);
    }
  }

  private long prepared(long compare, long w) {
    int op = Op.op(w);
    int result = Op.d(compare);
    if (op == Op.EXIT_ANY || op == Op.EXIT_NONE) {
      return compare; // anyOf knows
    }
    boolean stores = MemoryEmitter.stores(op);
    boolean merges = op == Op.ROTI32 || op == Op.ROTI64;
    boolean records = op >= Op.FIRST_FLOAT && (Op.e(w) & FloatOp.RECORD) != 0;
    if (reads(w, result) || Op.d(w) == result && (stores || merges) || records) {
      carryOut(compare);
      return 0;
    }
    if (Op.d(w) == result) {
      return isCompare(op) ? compare : 0; // compares do it themselves
    }
    if (stores) {
      return compare;
    }
    return saved(compare, Op.d(w), Op.carries(op) ? Op.c(w) : Op.d(w));
  }

  /** Whether a micro-operation reads a slot; may say so of one that does not. */
  static boolean reads(long w, int slot) {
    if (Op.a(w) == slot) {
      return Op.op(w) != Op.CONST && Op.op(w) != Op.POOL;
    }
    return switch (Op.op(w)) {
      case Op.CONST, Op.POOL, Op.ADDI, Op.RSUBI, Op.MULI, Op.ANDI, Op.ORI, Op.XORI -> false;
      case Op.ROTM32, Op.ROTM64, Op.ROTI32, Op.ROTI64 -> false;
      case Op.SARI32, Op.SARI64, Op.SHLI, Op.SHRI -> false;
      case Op.CMPSI32, Op.CMPUI32, Op.CMPSI64, Op.CMPUI64 -> Op.b(w) == slot;
      default -> {
        int op = Op.op(w);
        boolean displaced = op >= Op.LDU8 && op <= Op.ST64LE || op >= Op.GOTO && op <= Op.HELP;
        yield !displaced && (Op.b(w) == slot || Op.c(w) == slot);
      }
    };
  }

  /** Saves operands of a pending compare that are about to be overwritten. */
  private long saved(long compare, int written, int alsoWritten) {
    long now = compare;
    boolean immediate = Op.op(compare) >= Op.CMPSI32;
    int sticky = immediate ? Op.b(compare) : Op.c(compare);
    if (sticky == written || sticky == alsoWritten) {
      carryOut(compare);
      return 0;
    }
    int a = Op.a(compare);
    if (a == written || a == alsoWritten) {
      now = now & ~(0x7ffL << 21) | (long) save(a, 2 * Op.d(compare)) << 21;
    }
    int b = Op.b(compare);
    if (!immediate && (b == written || b == alsoWritten)) {
      now = now & ~(0x7ffL << 32) | (long) save(b, 2 * Op.d(compare) + 1) << 32;
    }
    return now;
  }

  private int save(int slot, int place) {
    int to = SAVED + (place & 15);
    store(use(slot, RAX), RBP, offset(to));
    return to;
  }

  static boolean isCompare(int op) {
    return op >= Op.CMPS32 && op <= Op.CMPUI64;
  }

  /** Puts a compare off if its operands are registers of the guest, or carries it out. */
  final void compare(long w) {
    boolean immediate = Op.op(w) >= Op.CMPSI32;
    int d = Op.d(w);
    boolean keeps =
        d < TEMPORARIES
            && Op.a(w) < TEMPORARIES
            && Op.b(w) < TEMPORARIES
            && (immediate || Op.c(w) < TEMPORARIES)
            && d != Op.a(w)
            && d != Op.b(w);
    if (pending(d) != 0) {
      replace(pending(d), 0);
    }
    if (!keeps) {
      carryOut(w);
      return;
    }
    if (older != 0 && newer != 0) {
      carryOut(older);
      older = 0;
    }
    if (newer != 0) {
      older = newer;
    }
    newer = w;
  }

  private static boolean wideCompare(int op) {
    return op == Op.CMPS64 || op == Op.CMPU64 || op == Op.CMPSI64 || op == Op.CMPUI64;
  }

  private static boolean signedCompare(int op) {
    return op == Op.CMPS32 || op == Op.CMPS64 || op == Op.CMPSI32 || op == Op.CMPSI64;
  }

  /** Sets the host's flags as the compare's operands stand; only MOVs may come before the test. */
  private void compareFlags(long w) {
    int op = Op.op(w);
    boolean wide = wideCompare(op);
    int value = use(Op.a(w), RAX);
    if (op < Op.CMPSI32) {
      operateSlot(wide, CMP, value, Op.b(w), RDX);
    } else {
      int immediate = (int) (w >> 43);
      if (immediate == 0) {
        test(wide, value, value);
      } else {
        operateConstant(wide, CMP, value, immediate);
      }
    }
  }

  /** RAX = 8 if CL is 1, 4 if DL is 1, 2 if both are 0. */
  final void condition() {
    zeroExtend8(RCX, RCX);
    zeroExtend8(RDX, RDX);
    loadAddress(false, RCX, RCX, RCX, 1, 0); // 3 less
    loadAddress(false, RAX, RDX, RCX, 0, 1); // 3 less + greater + 1
    operate(false, ADD, RAX, RAX);
  }

  /** d = 8, 4 or 2, with c's bits. */
  private void carryOut(long w) {
    int op = Op.op(w);
    boolean signed = signedCompare(op);
    compareFlags(w);
    constantKeepingFlags(RAX, 2);
    constantKeepingFlags(RCX, 8);
    constantKeepingFlags(RDX, 4);
    moveIf(signed ? LESS : BELOW, RAX, RCX);
    moveIf(signed ? GREATER : ABOVE, RAX, RDX);
    operateSlot(true, OR, RAX, op < Op.CMPSI32 ? Op.c(w) : Op.b(w), RCX);
    define(Op.d(w), RAX);
  }

  /**
   * Sets the host's flags so that the returned condition says whether any of the mask's bits stand
   * in a slot.
   */
  final int anyOf(int slot, int mask) {
    long compare = pending(slot);
    if (compare != 0 && (mask == 8 || mask == 4 || mask == 2)) {
      compareFlags(compare);
      boolean signed = signedCompare(Op.op(compare));
      return switch (mask) {
        case 8 -> signed ? LESS : BELOW;
        case 4 -> signed ? GREATER : ABOVE;
        default -> EQUAL;
      };
    }
    if (compare != 0) {
      carryOut(compare);
      replace(compare, 0);
    }
    if (registerOf(slot) >= 0) {
      testByte(registerOf(slot), mask);
    } else if (isConstant(slot)) {
      into(RAX, slot);
      testByte(RAX, mask);
    } else {
      testMemoryByte(RBP, offset(slot), mask);
    }
    return NOT_EQUAL;
  }
}
