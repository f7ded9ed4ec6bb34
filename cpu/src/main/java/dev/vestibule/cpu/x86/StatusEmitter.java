package dev.vestibule.cpu.x86;

import dev.vestibule.cpu.fp.Fpscr;
import dev.vestibule.cpu.micro.FloatOp;
import dev.vestibule.cpu.micro.Op;

/**
 * How does machine code read the FPSCR, as libraries do to save it?
 *
 * <p>It does what {@link FloatStatus} does, for the operations that are frequent: it repeats the
 * last one with MXCSR's exceptions cleared, which tells FI, and once more rounding toward zero; a
 * result that differs was incremented, which is FR. Behind other operations Java does it.
 */
class StatusEmitter extends VectorFloatEmitter {
  private static final int TOWARD_ZERO = 0x7f80;

  /** Room for the code of one operation. */
  private static final int CASE = 64;

  private static final int FIRST = FloatOp.FADD64;
  private static final int LAST = FloatOp.FFROMS64TO32;
  private static final int FPSCR = offset(FloatOp.FPSCR);
  private static final int PENDING = offset(FloatStatus.PENDING);

  private int settleStub;
  private int repeatStub;

  StatusEmitter(int[] hotSlots, int[] hotFloatSlots, HostFeatures host) {
    super(hotSlots, hotFloatSlots, host);
  }

  /** Whether an operation reads the FPSCR, and is none of those that {@link #emitSave} knows. */
  static boolean readsStatus(long w) {
    return mentionsStatus(w) && !savesStatus(w);
  }

  /** Whether an operation copies the FPSCR to a floating-point register. */
  static boolean savesStatus(long w) {
    return mentionsStatus(w) && Op.op(w) == Op.MOV && isFpr(Op.d(w));
  }

  final void emitSave(long w, Label slow) {
    Label settle = new Label();
    Label back = new Label();
    operateMemoryConstant(false, CMP, RBP, offset(FloatStatus.MODE), FloatStatus.READY);
    jumpIf(EQUAL, settle);
    bind(back);
    fetch(0, FloatOp.FPSCR);
    set(Op.d(w), false);
    later(() -> {
      bind(settle);
      callTo(settleStub);
      jumpIf(EQUAL, slow);
      jump(back);
    });
  }

  /** Emits what blocks call; {@code at} is where the code that has been emitted will lie. */
  final void emitStatusStubs(int at) {
    emitFloatStubs(at);
    emitRepeat(at);
    align(16);
    settleStub = at + size();
    Label leave = new Label();
    Label compared = new Label();
    operateMemoryConstant(false, CMP, RBP, PENDING + FloatStatus.CONVERTED, 0);
    jumpIf(NOT_EQUAL, leave);
    raise();
    load32(RAX, RBP, PENDING);
    operateConstant(false, AND, RAX, 0x3ff);
    jumpIf(EQUAL, compared);
    operateConstant(false, SUB, RAX, FIRST);
    operateConstant(false, CMP, RAX, LAST - FIRST);
    jumpIf(ABOVE, leave);
    resultAndRounding(at, leave);
    bind(compared);
    emitCompared();
    storeConstant(0, RBP, PENDING);
    test(true, RSP, RSP); // not zero: done
    ret();
    bind(leave);
    operate(false, XOR, RAX, RAX);
    ret();
    emitRounding(at);
  }

  private void emitRounding(int at) {
    align(16);
    roundingStub = at + size();
    Label leave = new Label();
    push(RAX);
    callFrom(at, settleStub); // the last operation was rounded in the old mode
    pop(RAX);
    jumpIf(EQUAL, leave);
    operateConstant(false, AND, RAX, Fpscr.RN);
    load(RCX, RBP, FPSCR);
    operateConstant(true, AND, RCX, ~Fpscr.RN);
    operate(true, OR, RCX, RAX);
    store(RCX, RBP, FPSCR);
    one(false, NEG, RAX); // MXCSR has 0, 3, 2, 1 for 0, 1, 2, 3
    operateConstant(false, AND, RAX, 3);
    shift(false, SHL, RAX, FloatStatus.ROUNDING_SHIFT);
    operateConstant(false, OR, RAX, FloatStatus.MASKED);
    store(RAX, RBP, offset(FloatStatus.CONTROL));
    control(2, FloatStatus.CONTROL);
    test(true, RSP, RSP); // not zero: done
    bind(leave);
    ret();
  }

  /** FPSCR = FPSCR with MXCSR's exceptions; RCX has it, too. */
  private void raise() {
    Label known = new Label();
    control(3, FloatStatus.SCRATCH);
    load32(RAX, RBP, offset(FloatStatus.SCRATCH));
    constant(RDX, 0);
    sticky(FloatStatus.ZERO_DIVIDE, Fpscr.ZX);
    sticky(FloatStatus.OVERFLOW, Fpscr.OX);
    sticky(FloatStatus.UNDERFLOW, Fpscr.UX);
    sticky(FloatStatus.INEXACT, Fpscr.XX);
    load(RCX, RBP, FPSCR);
    move32(RAX, RCX);
    one(false, NOT, RAX);
    operate(false, AND, RAX, RDX);
    jumpIf(EQUAL, known);
    operateConstant(false, OR, RDX, Fpscr.FX);
    bind(known);
    operate(true, OR, RCX, RDX);
    store(RCX, RBP, FPSCR);
  }

  /** EDX = EDX with an exception of FPSCR's if EAX has one of MXCSR's. */
  private void sticky(int theirs, int ours) {
    move32(RCX, RAX);
    operateConstant(false, AND, RCX, theirs);
    shift(
        false,
        SHL,
        RCX,
        Integer.numberOfTrailingZeros(ours) - Integer.numberOfTrailingZeros(theirs));
    operate(false, OR, RDX, RCX);
  }

  /** FPSCR, and RCX, get FR, FI and FPRF of the operation whose number from FIRST is in EAX. */
  private void resultAndRounding(int at, Label leave) {
    push(RAX);
    control(2, FloatStatus.CONTROL); // with no exceptions
    callFrom(at, repeatStub);
    pop(RAX);
    jumpIf(EQUAL, leave);
    copyTo(3, 0);
    control(3, FloatStatus.SCRATCH);
    memory(false, 0xc7, 0, RBP, offset(FloatStatus.SCRATCH) + 4);
    emit32(TOWARD_ZERO);
    memory(false, 0x0fae, 2, RBP, offset(FloatStatus.SCRATCH) + 4); // load MXCSR
    callFrom(at, repeatStub);
    control(2, FloatStatus.CONTROL);
    load32(RDX, RBP, offset(FloatStatus.SCRATCH));
    operateConstant(false, AND, RDX, FloatStatus.INEXACT);
    shift(false, SHL, RDX, 12); // makes it FI
    vector(PACKED, true, TO_GENERAL, 3, RAX);
    vector(PACKED, true, TO_GENERAL, 0, RCX);
    operate(true, CMP, RCX, RAX);
    Label same = new Label();
    jumpIf(EQUAL, same);
    loadAddress(false, RDX, RDX, RDX, 1, 0); // FI and FR, if inexact
    bind(same);
    load(RCX, RBP, FPSCR);
    operateConstant(true, AND, RCX, ~(Fpscr.FR | Fpscr.FI | Fpscr.FPRF));
    operate(true, OR, RCX, RDX);
    resultClass();
    operate(true, OR, RCX, RDX);
    store(RCX, RBP, FPSCR);
  }

  /** EDX = the class of the number in RAX, which is no NaN, as FPRF has it. */
  private void resultClass() {
    int shift = Fpscr.FPCC_SHIFT;
    Label negative = new Label();
    Label magnitude = new Label();
    Label done = new Label();
    Label notZero = new Label();
    Label normal = new Label();
    test(true, RAX, RAX);
    constantKeepingFlags(RDX, 4 << shift);
    jumpIf(NEGATIVE, negative);
    jump(magnitude);
    bind(negative);
    constant(RDX, 8 << shift);
    bind(magnitude);
    operate(true, ADD, RAX, RAX); // without the sign
    jumpIf(NOT_EQUAL, notZero);
    operateConstant(false, AND, RDX, 8 << shift); // minus zero 12, zero 2
    operate(false, ADD, RDX, RDX);
    operateConstant(false, OR, RDX, 2 << shift);
    jump(done);
    bind(notZero);
    shift(true, SHR, RAX, 53);
    jumpIf(NOT_EQUAL, normal);
    operateConstant(false, OR, RDX, 0x10 << shift); // denormalized
    jump(done);
    bind(normal);
    operateConstant(false, CMP, RAX, 0x7ff);
    jumpIf(NOT_EQUAL, done);
    operateConstant(false, OR, RDX, 1 << shift); // infinite
    bind(done);
  }

  /** FPSCR gets the condition of a compare that came last. */
  private void emitCompared() {
    Label done = new Label();
    testMemoryByte(RBP, PENDING + FloatStatus.COMPARED, 1);
    jumpIf(EQUAL, done);
    load(RCX, RBP, FPSCR);
    operateConstant(true, AND, RCX, ~Fpscr.FPCC);
    load32(RAX, RBP, offset(FloatStatus.CONDITION));
    shift(false, SHL, RAX, Fpscr.FPCC_SHIFT);
    operate(true, OR, RCX, RAX);
    store(RCX, RBP, FPSCR);
    bind(done);
  }

  private void callFrom(int at, int target) {
    emit8(0xe8);
    emit32(target - (at + size() + 4));
  }

  // ---- repeating an operation -------------------------------------------------------------------

  /** XMM0 = the result of the operation whose number from FIRST is in EAX; equal if unknown. */
  private void emitRepeat(int at) {
    align(CASE);
    int cases = at + size();
    for (int op = FIRST; op <= LAST; op++) {
      align(CASE);
      if (repeats(op)) {
        again(op);
        test(true, RSP, RSP); // not zero
      } else {
        operate(false, XOR, RAX, RAX);
      }
      ret();
    }
    align(16);
    repeatStub = at + size();
    emit8(0x48); // RDX = the first case's address, relative to the next instruction
    emit8(0x8d);
    emit8(0x15);
    emit32(cases - (at + size() + 4));
    shift(false, SHL, RAX, Integer.numberOfTrailingZeros(CASE));
    operate(true, ADD, RAX, RDX);
    jumpRegister(RAX);
  }

  private boolean repeats(int op) {
    return op <= FloatOp.FSQRT64
        || op == FloatOp.FFROMS64
        || op >= FloatOp.FADD32 && op <= FloatOp.FSQRT32
        || op == FloatOp.FTO32
        || op == FloatOp.FFROMS64TO32
        || host().fma()
            && (op >= FloatOp.FMADD64 && op <= FloatOp.FNMSUB64
                || op >= FloatOp.FMADD32 && op <= FloatOp.FNMSUB32);
  }

  private void again(int op) {
    boolean single = op >= FloatOp.FADD32 && op != FloatOp.FFROMS64TO32;
    if (op == FloatOp.FFROMS64 || op == FloatOp.FFROMS64TO32) {
      fromInteger(op == FloatOp.FFROMS64TO32, false, A);
    } else {
      int plain = single && op <= FloatOp.FNMSUB32 ? op - 16 : op;
      compute(plain, A, B, C);
      if (single) {
        vector(DOUBLE, false, OTHER_PRECISION, 0, 0);
        vector(SINGLE, false, OTHER_PRECISION, 0, 0);
      }
      negate(plain);
    }
  }
}
