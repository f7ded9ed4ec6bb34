package dev.vestibule.cpu.x86;

import dev.vestibule.cpu.Block;
import dev.vestibule.cpu.Cpu;
import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.cpu.Isa;
import dev.vestibule.cpu.micro.Op;
import java.util.ArrayList;
import java.util.List;

/**
 * How does a block become machine code?
 *
 * <p>The code begins with a no-operation that an invalidation turns into a jump back to Java. Each
 * exit jumps to a stub at the end until its successor is known, then straight to that. Backward
 * exits look at the attention flag first. An instruction that the emitter does not know ends the
 * code; the interpreter does the rest of the block.
 */
final class BlockEmitter extends VectorFloatEmitter {
  private static final int ATTENTION = offset(Cpu.ATTENTION);
  private static final int JUMPS = offset(Cpu.SLOTS);
  private static final int FEWEST = 24;

  private record Stub(Label label, Site.Kind kind, int index, int jump) {}

  private final List<Stub> stubs = new ArrayList<>();
  private final int pcSlot;
  private final Isa isa;
  private int exitStub;
  private int missStub;
  private int faultStub;
  private int[] places = {};
  private int base;
  private Block block;

  BlockEmitter(Isa isa, HostFeatures host, Block any) {
    super(isa.hotSlots(), host);
    this.isa = isa;
    pcSlot = isa.pcSlot();
    block = any;
  }

  // ---- code around the blocks -------------------------------------------------------------------

  /** Emits the way in: enter(record, code). */
  void emitEntry(int windowSlot, int tableSlot) {
    reset();
    for (int register : new int[] {RBX, RBP, R12, R13, R14, R15}) {
      push(register);
    }
    loadAddress(true, RBP, RDI, BIAS);
    move(RAX, RSI);
    load(R15, RBP, offset(windowSlot));
    load(R14, RBP, offset(tableSlot));
    loadPins();
    jumpRegister(RAX);
  }

  /** Emits the ways out; at the second one RAX is the guest address to go on at. */
  void emitExit(int at) {
    reset();
    exitStub = at;
    leaveFloats();
    storePins();
    for (int register : new int[] {R15, R14, R13, R12, RBP, RBX}) {
      pop(register);
    }
    ret();
    align(16);
    missStub = at + size();
    store(RAX, RBP, offset(pcSlot));
    constant(RAX, 0);
    jumpTo(exitStub, at);
    align(16);
    faultStub = at + size();
    constant(RAX, 1);
    jumpTo(exitStub, at);
    emitFloatStubs(at);
  }

  /** Where a thread goes on that faulted. */
  int faultStub() {
    return faultStub;
  }

  private void jumpTo(int offset, int from) {
    emit8(0xe9);
    emit32(offset - (from + size() + 4));
  }

  private void jumpIfTo(int condition, int offset) {
    emit8(0x0f);
    emit8(0x80 | condition);
    emit32(offset - (base + size() + 4));
  }

  // ---- a block ----------------------------------------------------------------------------------

  /** How many instructions from the block's beginning can be emitted. */
  int supported(Block candidate) {
    long[] code = candidate.code();
    int count = candidate.instructions();
    for (int k = 0; k < count; k++) {
      int to = k + 1 < count ? candidate.start(k + 1) : code.length;
      for (int i = candidate.start(k); i < to; i++) {
        if (!emits(code[i])) {
          return k;
        }
      }
    }
    return count;
  }

  private boolean emits(long w) {
    int op = Op.op(w);
    boolean known = computes(op) || accesses(op) || leaves(op) || moves(op) || orders(w);
    return (known || computesVectors(op) || floats(w) || floatsVectors(w)) && !readsStatus(w);
  }

  /** Whether it is worth while to enter machine code for so much of a block. */
  static boolean worthwhile(int supported, Block block) {
    return supported == block.instructions() || supported >= FEWEST;
  }

  private boolean orders(long w) {
    return Op.op(w) == Op.HELP && isa.ordering(Op.imm(w) & 0xffff) != Isa.Ordering.NONE;
  }

  private static boolean leaves(int op) {
    return op >= Op.GOTO && op <= Op.STOP_IF;
  }

  /**
   * Emits a block.
   *
   * @param at where in the code memory it will lie, a multiple of 16
   * @param sites takes the block's sites, whose numbers follow those it has
   */
  void emit(Block newBlock, GuestMemory memory, int supported, int at, List<Site> sites) {
    reset();
    block = newBlock;
    base = at;
    stubs.clear();
    beginBlock(block);
    beginMemory(memory);
    nop5();
    long[] code = block.code();
    beginFloats(code, at);
    int count = block.instructions();
    places = new int[supported];
    for (int k = 0; k < supported; k++) {
      places[k] = size();
      int to = k + 1 < count ? block.start(k + 1) : code.length;
      Label slow = new Label();
      beginInstruction(block, block.start(k), to);
      for (int i = block.start(k); i < to; i++) {
        beginOperation(i);
        emitOperation(code[i], i, slow);
        if (Op.op(code[i]) < Op.FIRST_VECTOR) {
          forget(Op.d(code[i]));
        }
      }
      stubs.add(new Stub(slow, Site.Kind.SLOW, k, 0));
    }
    if (supported < count) {
      Label rest = new Label();
      jump(rest);
      stubs.add(new Stub(rest, Site.Kind.SLOW, supported, 0));
    }
    finishMemory();
    finishFloats();
    stubs.removeIf(stub -> !stub.label.used());
    stubs.add(new Stub(new Label(), Site.Kind.ENTRY, 0, 0));
    for (Stub stub : stubs) {
      entryStub = base + size();
      bind(stub.label);
      constantKeepingFlags(RAX, sites.size());
      jumpTo(exitStub, base);
      sites.add(new Site(stub.kind, block, stub.index, stub.jump));
    }
    emitConstants();
  }

  private int entryStub;

  /** Where the code of each instruction begins, from the block's beginning. */
  int[] places() {
    return places;
  }

  /** Where the stub lies that an invalid block's beginning jumps to. */
  int entryStub() {
    return entryStub;
  }

  private void emitOperation(long w, int index, Label slow) {
    int op = Op.op(w);
    if (op >= Op.FIRST_FLOAT && op < Op.FIRST_VECTOR) {
      emitFloat(w, index, slow);
      return;
    }
    if (op < Op.LDU8) {
      if (!known(w)) {
        emitInteger(w);
      }
    } else if (accesses(op)) {
      emitMemory(w, slow);
    } else if (floatsVectors(w)) {
      emitFloatVectors(w, slow);
    } else if (moves(op)) {
      emitVector(w, slow);
    } else if (op >= Op.FIRST_VECTOR) {
      emitVectors(w);
    } else if (op == Op.HELP) {
      if (isa.ordering(Op.imm(w) & 0xffff) == Isa.Ordering.FULL) {
        fence();
      }
    } else {
      emitLeave(op, w, index);
    }
    noteWrites(w);
  }

  private void emitLeave(int op, long w, int index) {
    int a = Op.a(w);
    int exit = Op.imm(w) >>> 8;
    int mask = Op.imm(w) & 0xff;
    switch (op) {
      case Op.GOTO -> exit(exit);
      case Op.EXIT_ANY -> exitIf(anyOf(a, mask), exit);
      case Op.EXIT_NONE -> exitIf(anyOf(a, mask) ^ 1, exit);
      case Op.EXIT_ZERO32, Op.EXIT_NONZERO32, Op.EXIT_ZERO64, Op.EXIT_NONZERO64 -> {
        boolean wide = op == Op.EXIT_ZERO64 || op == Op.EXIT_NONZERO64;
        boolean zero = op == Op.EXIT_ZERO32 || op == Op.EXIT_ZERO64;
        compareWithZero(wide, a);
        exitIf(zero ? EQUAL : NOT_EQUAL, exit);
      }
      case Op.JUMP -> indirect(a);
      case Op.STOP -> {
        Label stop = new Label();
        jump(stop);
        stubs.add(new Stub(stop, Site.Kind.STOP, index, 0));
      }
      case Op.STOP_IF -> {
        compareWithZero(true, a);
        Label stop = new Label();
        jumpIf(NOT_EQUAL, stop);
        stubs.add(new Stub(stop, Site.Kind.STOP, index, 0));
      }
      default -> throw new AssertionError("micro-operation " + op);
    }
  }

  private void compareWithZero(boolean wide, int slot) {
    if (registerOf(slot) < 0 && !isConstant(slot)) {
      operateMemoryConstant(wide, CMP, RBP, offset(slot), 0);
    } else {
      int value = use(slot, RAX);
      test(wide, value, value);
    }
  }

  private void exit(int exit) {
    Label stub = new Label();
    if (backward(exit)) {
      operateMemoryConstant(false, CMP, RBP, ATTENTION, 0);
      jumpIf(NOT_EQUAL, stub);
    }
    stubs.add(new Stub(stub, Site.Kind.EXIT, exit, base + patchableJump(stub)));
  }

  private void exitIf(int condition, int exit) {
    if (backward(exit)) {
      Label past = new Label();
      jumpIf(condition ^ 1, past);
      exit(exit);
      bind(past);
    } else {
      Label stub = new Label();
      stubs.add(new Stub(stub, Site.Kind.EXIT, exit, base + patchableJumpIf(condition, stub)));
    }
  }

  private boolean backward(int exit) {
    return Long.compareUnsigned(block.exit(exit), block.end()) < 0;
  }

  /** Goes to a guest address through the thread's table of jumps. */
  private void indirect(int slot) {
    into(RAX, slot);
    operateMemoryConstant(false, CMP, RBP, ATTENTION, 0);
    jumpIfTo(NOT_EQUAL, missStub);
    move32(RCX, RAX);
    operateConstant(false, AND, RCX, (Cpu.JUMP_TABLE - 1) << 2);
    memory(true, 0x39, RAX, RBP, RCX, 2, JUMPS); // compare
    jumpIfTo(NOT_EQUAL, missStub);
    jumpMemory(RBP, RCX, 2, JUMPS + 8);
  }
}
