package dev.vestibule.kernel.abi.power;

import dev.vestibule.cpu.Cpu;
import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.cpu.power.PowerState;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.Struct;
import dev.vestibule.kernel.exec.HandedPages.Handed;
import dev.vestibule.kernel.signal.Delivery;
import dev.vestibule.kernel.signal.SigInfo;
import dev.vestibule.kernel.signal.SigInfoLayout;
import dev.vestibule.kernel.signal.SignalAction;
import dev.vestibule.profile.KernelProfile;
import dev.vestibule.profile.KernelProfile.TrampolineStart;

/**
 * The rt_sigframe of 64-bit Power: struct ucontext, two words, trampoline, pinfo, puc, siginfo,
 * then the ABI's red zone. Source: arch/powerpc/kernel/signal_64.c for the order, asm/sigcontext.h.
 */
final class Frames64 extends SignalFrames {
  /** __SIGNAL_FRAMESIZE: a dummy caller's frame below. */
  private static final int CALLER = 128;

  private static final int UC_STACK = 16;
  private static final int UC_SIGMASK = 40;
  private static final int UC_MCONTEXT = 168;
  private static final int SC_SIGNAL = UC_MCONTEXT + 32;
  private static final int SC_HANDLER = UC_MCONTEXT + 40;
  private static final int SC_OLDMASK = UC_MCONTEXT + 48;
  private static final int SC_REGS = UC_MCONTEXT + 56;
  private static final int SC_GP_REGS = UC_MCONTEXT + 64;
  private static final int SC_V_REGS = UC_MCONTEXT + 712;
  private static final int SC_VMX_RESERVE = UC_MCONTEXT + 720;
  private static final int UC_SIZE = UC_MCONTEXT + 1528;
  private static final int TRAMPOLINE = UC_SIZE + 16;
  private static final int VRSAVE_AT = 33 * 16;
  private static final int HALVES_AT = 34 * 16;

  private final MachineContext context;
  private final boolean elfV2;

  Frames64(MachineContext context, boolean elfV2) {
    this.context = context;
    this.elfV2 = elfV2;
  }

  /** Offset of pinfo: the trampoline had six words, seven since it begins with a branch. */
  private static int pinfo(KernelProfile profile) {
    return TRAMPOLINE + (branching(profile) ? 32 : 24);
  }

  private static boolean branching(KernelProfile profile) {
    return profile.vdso().trampolineStart() == TrampolineStart.BRANCH;
  }

  /** The vector area, aligned to 16 in guest memory. */
  private static int vectors(long frame) {
    return (int) ((frame + SC_VMX_RESERVE + 15 & -16L) - frame);
  }

  @Override
  void push(Task task, SigInfo info, SignalAction action, long mask) {
    Cpu cpu = task.cpu();
    KernelProfile profile = task.machine().profile();
    int pinfo = pinfo(profile);
    int size = pinfo + 16 + SigInfoLayout.SIZE;
    long sp = cpu.slot(PowerState.gpr(1));
    int total = size + profile.signals().redZone() + 15 & -16;
    long frame = place(task, action, sp, total);
    Struct s = task.abi().struct(size);
    putStack(s, UC_STACK, task.signals(), 8);
    s.put64(UC_SIGMASK, mask);
    s.put32(SC_SIGNAL, info.signal());
    s.put64(SC_HANDLER, action.handler());
    s.put64(SC_OLDMASK, mask);
    save(cpu, s, frame, info);
    boolean branching = branching(profile);
    if (branching) {
      putTrampoline(s, TRAMPOLINE, BCTRL, ADDI_R1 | CALLER, LI_R0 | NR_RT_SIGRETURN, SC);
    } else {
      putTrampoline(s, TRAMPOLINE, ADDI_R1 | CALLER, LI_R0 | NR_RT_SIGRETURN, SC);
    }
    s.put64(pinfo, frame + pinfo + 16);
    s.put64(pinfo + 8, frame);
    byte[] siginfo = siginfo(task, info).bytes();
    System.arraycopy(siginfo, 0, s.bytes(), pinfo + 16, siginfo.length);
    GuestMemory memory = task.memory();
    memory.storable(frame - CALLER, CALLER + size);
    s.store(memory, frame);
    memory.store64(frame - CALLER, sp);

    enter(task, action.handler(), frame, branching);
    clearFloatStatus(cpu);
    set(cpu, 1, frame - CALLER);
    set(cpu, 3, info.signal());
    boolean siginfoWanted = action.has(SignalAction.SA_SIGINFO);
    set(cpu, 4, frame + (siginfoWanted ? pinfo + 16 : UC_MCONTEXT));
    if (siginfoWanted) {
      set(cpu, 5, frame);
      set(cpu, 6, frame);
    }
  }

  private void save(Cpu cpu, Struct s, long frame, SigInfo info) {
    int vectors = vectors(frame);
    context.save(cpu, s, SC_GP_REGS, 0xc00, info.address());
    context.saveVectors(cpu, s, vectors, vectors + VRSAVE_AT);
    context.saveHalves(cpu, s, vectors + HALVES_AT);
    s.put64(SC_REGS, frame + SC_GP_REGS);
    s.put64(SC_V_REGS, frame + vectors);
  }

  /** Sets the registers so that the handler runs and returns to the trampoline. */
  private void enter(Task task, long handler, long frame, boolean branching) {
    Cpu cpu = task.cpu();
    long code = handler;
    if (elfV2) {
      set(cpu, 12, handler);
    } else {
      code = task.memory().load64(handler);
      set(cpu, 2, task.memory().load64(handler + 8));
    }
    Handed handed = handed(task);
    if (handed.rtSignalStart() != 0) {
      cpu.setSlot(PowerState.CTR, code);
      cpu.setPc(handed.rtSignalStart());
    } else if (handed.rtSignalReturn() == 0 && branching) {
      cpu.setSlot(PowerState.CTR, code);
      cpu.setPc(frame + TRAMPOLINE);
    } else {
      long back = handed.rtSignalReturn();
      cpu.setSlot(PowerState.LR, back == 0 ? frame + TRAMPOLINE : back);
      cpu.setPc(code);
    }
  }

  @Override
  long sigreturn(Task task, boolean rt) {
    Cpu cpu = task.cpu();
    long frame = cpu.slot(PowerState.gpr(1));
    Struct s = task.abi().struct(task.memory(), frame, UC_SIZE);
    long vectors = s.i64(SC_V_REGS);
    Struct v = vectors == 0 ? null : task.abi().struct(task.memory(), vectors, HALVES_AT + 32 * 8);
    context.restore(cpu, s, SC_GP_REGS, -1);
    if (v != null && context.hasVectors(s, SC_GP_REGS)) {
      context.restoreVectors(cpu, v, 0, VRSAVE_AT);
    } else {
      context.clearVectors(cpu);
    }
    if (v != null && context.hasHalves(s, SC_GP_REGS)) {
      context.restoreHalves(cpu, v, HALVES_AT);
    } else {
      context.clearHalves(cpu);
    }
    Delivery.setBlocked(task, s.i64(UC_SIGMASK));
    restoreStack(task, s, UC_STACK, 8, cpu.slot(PowerState.gpr(1)));
    return 0;
  }
}
