package dev.vestibule.cpu.x86;

import dev.vestibule.cpu.Block;
import dev.vestibule.cpu.Cpu;
import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.cpu.Isa;
import dev.vestibule.cpu.micro.Op;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How does a block become machine code?
 *
 * <p>The code begins with a no-operation that an invalidation turns into a jump back to Java. Each
 * exit jumps to a stub at the end until its successor is known, then straight to that. Backward
 * exits look at the attention flag first. An instruction that the emitter does not know leaves to
 * the interpreter and comes back behind it.
 */
final class BlockEmitter extends StatusEmitter {
  private static final int ATTENTION = offset(Cpu.ATTENTION);
  private static final int JUMPS = offset(Cpu.SLOTS);

  /** Slot of the timebase that was read last. */
  private static final int TIMEBASE = Cpu.EXECUTOR + 5;

  /** Slots for the pinned registers of a thread that faulted. */
  private static final int FAULT_PINS = FloatStatus.PAST;

  /** A block is worth translating if it has so many known instructions for each other one. */
  private static final int KNOWN_FOR_EACH = 8;

  private record Stub(
      Label label, Site.Kind kind, Block block, int index, int jump, int place, Context context) {}

  /**
   * A block's code.
   *
   * @param at where it begins, in the code memory
   * @param places where each instruction begins, from {@code at}
   * @param contexts with which each instruction begins
   * @param entryStub where the stub lies that an invalid block's beginning jumps to
   */
  record Placed(Block block, int at, int[] places, Context[] contexts, int entryStub) {}

  /** Which block shall follow in the same run of code? */
  interface Successors {
    /**
     * The block at a guest address, to be emitted next; null if the code is to jump there.
     *
     * @param context with which it would be entered
     */
    @Nullable Block follow(long pc, Context context);
  }

  private final List<Stub> stubs = new ArrayList<>();
  private final int pcSlot;
  private final Isa isa;
  private int exitStub;
  private int missStub;
  private int faultStub;
  private boolean[] known = {};

  /** Instructions and micro-operations that follow as machine code end here. */
  private int pastInstruction;

  private int past;
  private final List<Placed> emitted = new ArrayList<>();
  private final long counterCell;
  private final long ticksPerSecond;
  private Successors successors = (pc, context) -> null;
  private @Nullable Block next;
  private Context onward = Context.NOTHING;
  private int base;
  private Block block;
  private Label leavePins = new Label();
  private boolean timebaseRead;

  /**
   * @param cpu a thread of the address space
   * @param any a block, whatever it is
   */
  BlockEmitter(Cpu cpu, HostFeatures host, Block any) {
    super(cpu.isa().hotSlots(), cpu.isa().hotFloatSlots(), host);
    isa = cpu.isa();
    counterCell = cpu.counterCell();
    ticksPerSecond = cpu.ticksPerSecond();
    pcSlot = isa.pcSlot();
    block = any;
  }

  // ---- code around the blocks -------------------------------------------------------------------

  /** Emits the way in: enter(record, code). */
  void emitEntry(int windowSlot) {
    reset();
    for (int register : new int[] {RBX, RBP, R12, R13, R14, R15}) {
      push(register);
    }
    loadAddress(true, RBP, RDI, BIAS);
    move(RAX, RSI);
    if (host().fsgsbase()) {
      Label same = new Label();
      load(RCX, RBP, offset(windowSlot));
      readGsBase(RDX);
      operate(true, CMP, RDX, RCX);
      jumpIf(EQUAL, same); // as the thread left it
      writeGsBase(RCX);
      bind(same);
    }
    loadPins();
    loadFloatPins();
    jumpRegister(RAX);
  }

  /** Emits the ways out; at the second one RAX is the guest address to go on at. */
  void emitExit(int at) {
    reset();
    exitStub = at;
    storePins();
    Label leave = new Label();
    bind(leave);
    leaveFloats();
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
    for (int i = 0; i < Pins.REGISTERS.length; i++) {
      store(Pins.REGISTERS[i], RBP, offset(FAULT_PINS + i));
    }
    constant(RAX, 1);
    jump(leave);
    emitStatusStubs(at);
  }

  /** Puts the registers of a thread that faulted with some pins into their slots. */
  void recover(Cpu cpu, @Nullable Pins of) {
    Pins faulted = of == null ? standardPins() : of;
    for (int i = 0; i < faulted.count(); i++) {
      cpu.setSlot(faulted.slot(i), cpu.slot(FAULT_PINS + i));
    }
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

  /** Whether it is worth while to translate a block; says which instructions are known. */
  boolean worthwhile(Block candidate) {
    int count = candidate.instructions();
    known = new boolean[count];
    int unknown = 0;
    for (int k = 0; k < count; k++) {
      known[k] = knows(candidate, k);
      unknown += known[k] ? 0 : 1;
    }
    return count - unknown >= unknown * KNOWN_FOR_EACH;
  }

  /** Whether a block can have pins of its own: it is never left in the middle to come back. */
  boolean translatesAll(Block candidate) {
    for (int k = 0; k < candidate.instructions(); k++) {
      if (!knows(candidate, k)) {
        return false;
      }
    }
    return true;
  }

  /** Whether there is machine code for an instruction. */
  boolean knows(Block candidate, int k) {
    long[] code = candidate.code();
    for (int i = candidate.start(k); i < candidate.startOfNext(k); i++) {
      if (!emits(code[i])) {
        return false;
      }
    }
    return true;
  }

  private boolean emits(long w) {
    int op = Op.op(w);
    boolean known =
        computes(op) || accesses(op) || leaves(op) || moves(op) || orders(w) || tells(op);
    return (known || computesVectors(op) || floats(w) || floatsVectors(w)) && !readsStatus(w);
  }

  private boolean tells(int op) {
    return op == Op.TIMEBASE && counterCell != 0;
  }

  private boolean orders(long w) {
    return Op.op(w) == Op.HELP && isa.ordering(Op.imm(w) & 0xffff) != Isa.Ordering.NONE;
  }

  static boolean leaves(int op) {
    return op >= Op.GOTO && op <= Op.STOP_IF;
  }

  /**
   * Emits a block, and those that shall follow it.
   *
   * @param context with which it is entered
   * @param at where in the code memory the code will lie, a multiple of 16
   * @param following says what follows
   * @param sites takes the sites, whose numbers follow those it has
   * @return what was emitted
   */
  List<Placed> emit(
      Block first,
      Context context,
      GuestMemory memory,
      int at,
      Successors following,
      List<Site> sites) {
    begin(first, context, memory, at);
    successors = following;
    emitted.clear();
    Block now = first;
    Context entered = context;
    while (now != null) {
      next = null;
      emitOne(now, entered);
      entered = onward;
      now = next;
      if (now != null) {
        enter(now, entered, memory);
      }
    }
    finishFloats();
    stubs.removeIf(stub -> !stub.label.used());
    List<Placed> all = new ArrayList<>();
    for (Placed one : emitted) {
      all.add(withEntryStub(one, base + size()));
      stub(new Stub(new Label(), Site.Kind.ENTRY, one.block, 0, 0, 0, one.contexts[0]), sites);
    }
    for (Stub stub : stubs) {
      stub(stub, sites);
    }
    finishPins();
    emitConstants();
    return all;
  }

  /** Where exits go on that have other pins than the code they lead to. */
  private void finishPins() {
    if (leavePins.used()) {
      bind(leavePins);
      exchangePins(null);
      jumpTo(exitStub, base);
    }
  }

  private static Placed withEntryStub(Placed one, int stub) {
    return new Placed(one.block, one.at, one.places, one.contexts, stub);
  }

  private void stub(Stub stub, List<Site> sites) {
    bind(stub.label);
    constantKeepingFlags(RAX, sites.size());
    if (pins() == null) {
      jumpTo(exitStub, base);
    } else {
      jump(leavePins);
    }
    sites.add(new Site(stub.kind, stub.block, stub.index, stub.jump, stub.place, stub.context));
  }

  private void emitOne(Block now, Context entered) {
    block = now;
    worthwhile(now);
    align(8); // the first five bytes are replaced in one store
    int start = size();
    nop(5);
    long[] code = block.code();
    beginFloats(code, base);
    int count = block.instructions();
    pastInstruction = 0;
    int[] places = new int[count];
    Context[] contexts = new Context[count];
    for (int k = 0; k < count; k++) {
      places[k] = size() - start;
      contexts[k] = k == 0 ? entered : context();
      emitInstruction(code, k, contexts[k]);
    }
    emitted.add(new Placed(now, base + start, places, contexts, 0));
  }

  private void add(Label label, Site.Kind kind, int index, int jump, Context context) {
    stubs.add(new Stub(label, kind, block, index, jump, 0, context));
  }

  private void begin(Block newBlock, Context context, GuestMemory memory, int at) {
    reset();
    block = newBlock;
    base = at;
    stubs.clear();
    leavePins = new Label();
    enter(block, context, memory);
  }

  /** A block begins, about which only the context is known. */
  private void enter(Block newBlock, Context context, GuestMemory memory) {
    forget();
    usePins(context.pins());
    beginBlock(newBlock, context);
    beginMemory(memory);
  }

  /**
   * Emits code that goes on elsewhere with less.
   *
   * @param settles whether it carries out what is pending; anyway the pins become the standard ones
   */
  void emitLeaving(
      Block any, Context context, GuestMemory memory, int at, boolean settles, int to) {
    begin(any, context, memory, at);
    if (settles) {
      settle();
    }
    exchangePins(null);
    jumpTo(to, base);
  }

  /** Emits a beginning of a block that gives it its pins and goes on there. */
  Placed emitEntering(
      Block entered,
      Context context,
      GuestMemory memory,
      int at,
      Pins wanted,
      int to,
      List<Site> sites) {
    begin(entered, context, memory, at);
    nop(5);
    exchangePins(wanted);
    jumpTo(to, base);
    usePins(null);
    int entryStub = base + size();
    stub(new Stub(new Label(), Site.Kind.ENTRY, entered, 0, 0, 0, context), sites);
    return new Placed(entered, at, new int[] {0}, new Context[] {context}, entryStub);
  }

  private void emitInstruction(long[] code, int k, Context context) {
    Label slow = new Label();
    int from = block.start(k);
    int to = block.startOfNext(k);
    if (known[k]) {
      if (k >= pastInstruction) {
        findPast(k);
      }
      lookAround(code, k, slow);
      beginInstruction(block, from, to);
      for (int i = from; i < to; i++) {
        beginOperation(i);
        prepare(code[i]);
        emitOperation(code[i], i, slow);
        if (Op.op(code[i]) < Op.FIRST_VECTOR) {
          forget(Op.d(code[i]));
        }
      }
      add(slow, Site.Kind.SLOW, k, 0, context);
    } else {
      jump(slow);
      forget();
      int behind = base + size();
      stubs.add(new Stub(slow, Site.Kind.SLOW, block, k, 0, behind, context));
    }
  }

  private void findPast(int k) {
    pastInstruction = k;
    while (pastInstruction < known.length && known[pastInstruction]) {
      pastInstruction++;
    }
    past = pastInstruction < known.length ? block.start(pastInstruction) : block.code().length;
  }

  private void emitOperation(long w, int index, Label slow) {
    int op = Op.op(w);
    if (op >= Op.FIRST_FLOAT && op < Op.FIRST_VECTOR) {
      emitFloat(w, index, slow);
      return;
    }
    if (savesStatus(w)) {
      emitSave(w, slow);
    } else if (copies(w)) {
      emitCopy(w);
    } else {
      emitOther(op, w, index, slow);
    }
  }

  private void emitOther(int op, long w, int index, Label slow) {
    if (op < Op.LDU8) {
      if (!known(w)) {
        emitInteger(w, index, past);
      }
    } else if (accesses(op)) {
      emitMemory(w, slow);
    } else if (floatsVectors(w)) {
      emitFloatVectors(w, slow);
    } else if (moves(op)) {
      emitVector(w, slow);
    } else if (op >= Op.FIRST_VECTOR) {
      emitVectors(w, slow);
    } else if (op == Op.TIMEBASE) {
      emitTimebase(Op.d(w), slow);
    } else if (op == Op.HELP) {
      if (isa.ordering(Op.imm(w) & 0xffff) == Isa.Ordering.FULL) {
        fence();
      }
    } else {
      emitLeave(op, w, index);
      return;
    }
    if (!stores(op)) {
      wrote(w);
    }
    noteWrites(w);
    timebaseRead &= !accesses(op) && !moves(op) && op != Op.HELP;
  }

  @Override
  void forget() {
    super.forget();
    timebaseRead = false;
  }

  /**
   * Reads the timebase, or takes what was read before: instructions with no access to memory, no
   * barrier and no branch in between have read it at the same time.
   */
  private void emitTimebase(int d, Label slow) {
    if (timebaseRead) {
      load(RAX, RBP, offset(TIMEBASE));
    } else {
      TimebaseCode.emit(this, counterCell, ticksPerSecond, slow);
      store(RAX, RBP, offset(TIMEBASE));
      timebaseRead = true;
    }
    define(d, RAX);
  }

  private void emitLeave(int op, long w, int index) {
    int a = Op.a(w);
    int exit = Op.imm(w) >>> 8;
    int mask = Op.imm(w) & 0xff;
    switch (op) {
      case Op.GOTO -> leave(exit);
      case Op.EXIT_ANY -> exitIf(anyOf(a, mask), exit);
      case Op.EXIT_NONE -> exitIf(anyOf(a, mask) ^ 1, exit);
      case Op.EXIT_ZERO32, Op.EXIT_NONZERO32, Op.EXIT_ZERO64, Op.EXIT_NONZERO64 -> {
        boolean wide = op == Op.EXIT_ZERO64 || op == Op.EXIT_NONZERO64;
        boolean zero = op == Op.EXIT_ZERO32 || op == Op.EXIT_ZERO64;
        if (!isCounted(index)) {
          compareWithZero(wide, a);
        }
        exitIf(zero ? EQUAL : NOT_EQUAL, exit);
      }
      case Op.JUMP -> indirect(a);
      case Op.STOP -> {
        settle();
        Label stop = new Label();
        jump(stop);
        add(stop, Site.Kind.STOP, index, 0, Context.NOTHING);
      }
      case Op.STOP_IF -> {
        compareWithZero(true, a);
        Label stop = new Label();
        jumpIf(NOT_EQUAL, stop);
        add(stop, Site.Kind.STOP, index, 0, context());
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

  /** The block's last operation: the successor may follow immediately. */
  private void leave(int exit) {
    if (!backward(exit)) {
      onward = onward(exit);
      next = successors.follow(block.exit(exit), onward);
    }
    if (next == null) {
      exit(exit);
    }
  }

  private void exit(int exit) {
    Label stub = new Label();
    addExit(stub, exit, patchableJump(stub));
  }

  private void addExit(Label stub, int exit, int jump) {
    add(stub, Site.Kind.EXIT, exit, base + jump, onward(exit));
  }

  /** What is known behind an exit; of addresses only within loops, lest there be more versions. */
  private Context onward(int exit) {
    return backward(exit) || pins() != null ? context() : context().without(-1);
  }

  private void exitIf(int condition, int exit) {
    Label stub = new Label();
    addExit(stub, exit, patchableJumpIf(condition, stub));
  }

  /** Leaves an instruction that may branch backward to the interpreter if there is attention. */
  private void lookAround(long[] code, int k, Label slow) {
    for (int i = block.start(k); i < block.startOfNext(k); i++) {
      int op = Op.op(code[i]);
      if (op >= Op.GOTO && op < Op.JUMP && backward(Op.imm(code[i]) >>> 8)) {
        operateMemoryConstant(false, CMP, RBP, ATTENTION, 0);
        jumpIf(NOT_EQUAL, slow);
        return;
      }
    }
  }

  private boolean backward(int exit) {
    return Long.compareUnsigned(block.exit(exit), block.end()) < 0;
  }

  /** Goes to a guest address through the thread's table of jumps. */
  private void indirect(int slot) {
    settle();
    into(RAX, slot);
    Pins own = pins();
    exchangePins(null);
    usePins(own); // for what follows elsewhere
    operateMemoryConstant(false, CMP, RBP, ATTENTION, 0);
    jumpIfTo(NOT_EQUAL, missStub);
    move32(RCX, RAX);
    operateConstant(false, AND, RCX, (Cpu.JUMP_TABLE - 1) << 2);
    memory(true, 0x39, RAX, RBP, RCX, 2, JUMPS); // compare
    jumpIfTo(NOT_EQUAL, missStub);
    jumpMemory(RBP, RCX, 2, JUMPS + 8);
  }
}
