package dev.vestibule.cpu.x86;

import dev.vestibule.cpu.Block;
import dev.vestibule.cpu.micro.MicroBuilder;
import dev.vestibule.cpu.micro.Op;
import dev.vestibule.cpu.micro.VmxOp;
import dev.vestibule.cpu.micro.VsxOp;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Where does a slot's value lie while machine code runs?
 *
 * <p>The hottest registers of the guest stay in host registers in all code, so that blocks follow
 * each other without moving anything. Other slots are memory operands of the record, which RBP
 * points into. A temporary is a constant known while translating, or lies in a register if that is
 * free while it lives, or in its slot. RAX, RCX and RDX are scratch within one micro-operation.
 */
class Locations extends VectorAssembler {
  /** RBP is so far behind the record's start that the first 32 slots have one-byte distances. */
  static final int BIAS = 128;

  private static final int MEMORY = -1;
  private static final int CONSTANT = -2;
  private static final int UNKNOWN = -3;

  private final int[] place = new int[2 * MicroBuilder.TEMPORARIES];
  private final long[] constants = new long[MicroBuilder.TEMPORARIES];
  private final Pins standard;
  private Pins pins;
  private long[] code = {};
  private int at;
  private int end;
  private boolean memoryOnly;
  private int tenant;
  private int tenantEnd;

  /** Temporaries from here on have no place. */
  private int unknown = MicroBuilder.TEMPORARIES;

  Locations(int[] hotSlots) {
    standard = new Pins(hotSlots);
    pins = standard;
    Arrays.fill(place, 0, MicroBuilder.TEMPORARIES, MEMORY);
    Arrays.fill(place, MicroBuilder.TEMPORARIES, place.length, UNKNOWN);
    place(pins);
  }

  private void place(Pins some) {
    for (int i = 0; i < some.count(); i++) {
      place[some.slot(i)] = Pins.REGISTERS[i];
    }
  }

  /** The pins that all code has but for some loops. */
  final Pins standardPins() {
    return standard;
  }

  /** Names the pins of what is emitted now; null for the standard ones. */
  final void usePins(@Nullable Pins some) {
    for (int i = 0; i < pins.count(); i++) {
      place[pins.slot(i)] = MEMORY;
    }
    pins = some == null ? standard : some;
    place(pins);
  }

  /** The pins if they are not the standard ones. */
  final @Nullable Pins pins() {
    return pins == standard ? null : pins;
  }

  /** Exchanges pinned registers; what is emitted behind has others. Keeps flags and RAX. */
  final void exchangePins(@Nullable Pins next) {
    Pins old = pins;
    usePins(next);
    for (int i = 0; i < pins.count(); i++) {
      if (pins.slot(i) != old.slot(i)) {
        store(Pins.REGISTERS[i], RBP, offset(old.slot(i)));
      }
    }
    for (int i = 0; i < pins.count(); i++) {
      if (pins.slot(i) != old.slot(i)) {
        load(Pins.REGISTERS[i], RBP, offset(pins.slot(i)));
      }
    }
  }

  /** Loads the standard pins from the record. */
  final void loadPins() {
    for (int i = 0; i < standard.count(); i++) {
      load(Pins.REGISTERS[i], RBP, offset(standard.slot(i)));
    }
  }

  final void storePins() {
    for (int i = 0; i < standard.count(); i++) {
      store(Pins.REGISTERS[i], RBP, offset(standard.slot(i)));
    }
  }

  /** Distance of a slot from RBP. */
  static int offset(int slot) {
    return slot * 8 - BIAS;
  }

  /** Begins an instruction whose micro-operations are [from, to) of the block's. */
  void beginInstruction(Block block, int from, int to) {
    code = block.code();
    end = to;
    memoryOnly = false;
    for (int i = from; i < to; i++) {
      memoryOnly |= needsMemory(Op.op(code[i]));
    }
    Arrays.fill(place, MicroBuilder.TEMPORARIES, unknown, UNKNOWN);
    unknown = MicroBuilder.TEMPORARIES;
    tenant = -1;
  }

  /** Whether an operation finds its operands in their slots only: vectors of floating point. */
  private static boolean needsMemory(int op) {
    return op >= VsxOp.VFTDIV64 && op < VmxOp.FIRST;
  }

  /** Names the micro-operation that is being emitted. */
  final void beginOperation(int index) {
    at = index;
  }

  private int lastUse(int slot) {
    int last = at;
    for (int i = at + 1; i < end; i++) {
      long w = code[i];
      if (Op.a(w) == slot || Op.b(w) == slot || Op.c(w) == slot || Op.d(w) == slot) {
        last = i;
      }
    }
    return last;
  }

  final void setConstant(int slot, long value) {
    if (slot >= MicroBuilder.TEMPORARIES && !memoryOnly) {
      settle(slot, CONSTANT);
      constants[slot - MicroBuilder.TEMPORARIES] = value;
    } else if (place[slot] >= 0) {
      constant(place[slot], value);
    } else if (value == (int) value) {
      storeConstant((int) value, RBP, offset(slot));
    } else {
      constant(RAX, value);
      store(RAX, RBP, offset(slot));
    }
  }

  final boolean isConstant(int slot) {
    return place[slot] == CONSTANT;
  }

  final long constantOf(int slot) {
    return constants[slot - MicroBuilder.TEMPORARIES];
  }

  private boolean isSmallConstant(int slot) {
    return isConstant(slot) && constantOf(slot) == (int) constantOf(slot);
  }

  /** The register that holds the slot's value, or -1. */
  final int registerOf(int slot) {
    return Math.max(place[slot], -1);
  }

  /** A register with the value: the slot's own, which must not be changed, or the scratch one. */
  final int use(int slot, int scratch) {
    if (place[slot] >= 0) {
      return place[slot];
    }
    into(scratch, slot);
    return scratch;
  }

  final void into(int register, int slot) {
    if (place[slot] >= 0) {
      move(register, place[slot]);
    } else if (isConstant(slot)) {
      constantKeepingFlags(register, constantOf(slot));
    } else {
      load(register, RBP, offset(slot));
    }
  }

  /** The low half, zero-extended. */
  final void into32(int register, int slot) {
    if (place[slot] >= 0) {
      move32(register, place[slot]);
    } else if (isConstant(slot)) {
      constantKeepingFlags(register, constantOf(slot) & 0xffff_ffffL);
    } else {
      load32(register, RBP, offset(slot));
    }
  }

  /** The low half, for an operation that reads no more of it: what is above is not defined. */
  final void lowInto(int register, int slot) {
    if (place[slot] != register) {
      into32(register, slot);
    }
  }

  /** The low half, sign-extended. */
  final void signedInto(int register, int slot) {
    if (place[slot] >= 0) {
      signExtend32(register, place[slot]);
    } else if (isConstant(slot)) {
      constantKeepingFlags(register, (int) constantOf(slot));
    } else {
      signExtend32(register, RBP, offset(slot));
    }
  }

  /** One of the eight classic operations with the slot's value; flags are those of the result. */
  final void operateSlot(boolean wide, int operation, int register, int slot, int scratch) {
    if (place[slot] >= 0) {
      operate(wide, operation, register, place[slot]);
    } else if (isSmallConstant(slot) || (isConstant(slot) && !wide)) {
      operateConstant(wide, operation, register, (int) constantOf(slot));
    } else if (isConstant(slot)) {
      constantKeepingFlags(scratch, constantOf(slot));
      operate(wide, operation, register, scratch);
    } else {
      operateMemory(wide, operation, register, RBP, offset(slot));
    }
  }

  /** The low half of the product with the slot's value. */
  final void multiplySlot(int register, int slot, int scratch) {
    if (place[slot] >= 0 || isConstant(slot)) {
      multiply(true, register, use(slot, scratch));
    } else {
      multiplyMemory(true, register, RBP, offset(slot));
    }
  }

  /** RDX and RAX = the product of RAX and the slot's value. */
  final void multiplyWide(int operation, int slot, int scratch) {
    if (place[slot] >= 0 || isConstant(slot)) {
      one(true, operation, use(slot, scratch));
    } else {
      oneMemory(true, operation, RBP, offset(slot));
    }
  }

  /** The unsigned product of RDX and the slot's value; keeps flags. */
  final void multiplyWideByRdx(int high, int low, int slot, int scratch) {
    if (place[slot] >= 0 || isConstant(slot)) {
      multiplyByRdx(high, low, use(slot, scratch));
    } else {
      multiplyByRdxMemory(high, low, RBP, offset(slot));
    }
  }

  /** Where a result should be computed: the slot's register, or RAX. */
  final int target(int slot) {
    if (place[slot] == UNKNOWN) {
      settle(slot);
    }
    return place[slot] >= 0 ? place[slot] : RAX;
  }

  private void settle(int slot) {
    boolean free = tenant < 0 || tenantEnd <= at;
    if (free && !memoryOnly) {
      tenant = slot;
      tenantEnd = lastUse(slot);
      settle(slot, R11);
    } else {
      settle(slot, MEMORY);
    }
  }

  private void settle(int temporary, int where) {
    place[temporary] = where;
    unknown = Math.max(unknown, temporary + 1);
  }

  /** Makes a register's contents the slot's value. */
  final void define(int slot, int register) {
    if (place[slot] == UNKNOWN || place[slot] == CONSTANT) {
      settle(slot);
    }
    if (place[slot] >= 0) {
      move(place[slot], register);
    } else {
      store(register, RBP, offset(slot));
    }
  }
}
