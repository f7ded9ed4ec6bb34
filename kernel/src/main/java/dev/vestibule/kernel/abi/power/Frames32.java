package dev.vestibule.kernel.abi.power;

import static dev.vestibule.kernel.Errno.EINVAL;

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

/**
 * The two frames of 32-bit Power. Old style: struct sigcontext, struct mcontext, gap. With
 * SA_SIGINFO: siginfo, struct ucontext, gap. Source: arch/powerpc/kernel/signal_32.c for the order,
 * asm/ucontext.h, asm/sigcontext.h.
 */
final class Frames32 extends SignalFrames {
  /** __SIGNAL_FRAMESIZE32. */
  private static final int CALLER = 64;

  private static final int RT_CALLER = CALLER + 16;

  /** What the ABI lets a leaf function use below the stack pointer: 56 words. */
  private static final int GAP = 224;

  private static final int SIGCONTEXT = 32;
  private static final int SC_SIGMASK_HIGH = 12;
  private static final int SC_SIGNAL = 16;
  private static final int SC_HANDLER = 20;
  private static final int SC_OLDMASK = 24;
  private static final int SC_REGS = 28;

  private static final int UC = SigInfoLayout.SIZE;
  private static final int UC_STACK = 8;
  private static final int UC_REGS = 48;
  private static final int UC_SIGMASK = 52;
  private static final int UC_MCONTEXT = 192;

  /** Size of a ucontext that ends before the VSX halves, the least swapcontext(2) accepts. */
  private static final int UC_WITHOUT_VSX = UC_MCONTEXT + MachineContext.HALVES_32;

  /** Two words of padding behind the floating-point registers hold the trampoline. */
  private static final int MC_TRAMPOLINE = 456;

  private static final int VRSAVE_AT = MachineContext.VECTORS_32 + 512;

  private final MachineContext context;

  Frames32(MachineContext context) {
    this.context = context;
  }

  private void save(Cpu cpu, Struct s, int at, long dar) {
    context.save(cpu, s, at, 0xc00, dar);
    context.saveVectors(cpu, s, at + MachineContext.VECTORS_32, at + VRSAVE_AT);
  }

  @Override
  void push(Task task, SigInfo info, SignalAction action, long mask) {
    if (action.has(SignalAction.SA_SIGINFO)) {
      pushRt(task, info, action, mask);
    } else {
      pushOld(task, info, action, mask);
    }
  }

  private void pushOld(Task task, SigInfo info, SignalAction action, long mask) {
    Cpu cpu = task.cpu();
    int size = SIGCONTEXT + MachineContext.SIZE_32;
    long sp = cpu.slot(PowerState.gpr(1)) & 0xffff_ffffL;
    long frame = place(task, action, sp, size + GAP);
    Struct s = task.abi().struct(size);
    s.put32(SC_SIGMASK_HIGH, (int) (mask >>> 32));
    s.put32(SC_SIGNAL, info.signal());
    s.put32(SC_HANDLER, (int) action.handler());
    s.put32(SC_OLDMASK, (int) mask);
    s.put32(SC_REGS, (int) frame + SIGCONTEXT);
    save(cpu, s, SIGCONTEXT, info.address());
    putTrampoline(s, SIGCONTEXT + MC_TRAMPOLINE, LI_R0 | NR_SIGRETURN, SC);
    Handed handed = handed(task);
    long back = handed.signalReturn();
    finish(
        task,
        frame,
        CALLER,
        s,
        sp,
        back == 0 ? frame + SIGCONTEXT + MC_TRAMPOLINE : back,
        action.handler());
    set(cpu, 3, info.signal());
    set(cpu, 4, frame);
  }

  private void pushRt(Task task, SigInfo info, SignalAction action, long mask) {
    Cpu cpu = task.cpu();
    int size = UC + UC_MCONTEXT + MachineContext.SIZE_32;
    long sp = cpu.slot(PowerState.gpr(1)) & 0xffff_ffffL;
    long frame = place(task, action, sp, size + GAP);
    Struct s = task.abi().struct(size);
    byte[] siginfo = siginfo(task, info).bytes();
    System.arraycopy(siginfo, 0, s.bytes(), 0, siginfo.length);
    putStack(s, UC + UC_STACK, task.signals(), 4);
    s.put32(UC + UC_REGS, (int) frame + UC + UC_MCONTEXT);
    putMask(s, UC + UC_SIGMASK, mask);
    save(cpu, s, UC + UC_MCONTEXT, info.address());
    putTrampoline(s, UC + UC_MCONTEXT + MC_TRAMPOLINE, LI_R0 | NR_RT_SIGRETURN, SC);
    long back = handed(task).rtSignalReturn();
    finish(
        task,
        frame,
        RT_CALLER,
        s,
        sp,
        back == 0 ? frame + UC + UC_MCONTEXT + MC_TRAMPOLINE : back,
        action.handler());
    set(cpu, 3, info.signal());
    set(cpu, 4, frame);
    set(cpu, 5, frame + UC);
    set(cpu, 6, frame);
  }

  private static void finish(
      Task task, long frame, int caller, Struct s, long sp, long back, long handler) {
    GuestMemory memory = task.memory();
    memory.storable(frame - caller, caller + s.bytes().length);
    s.store(memory, frame);
    memory.store32(frame - caller, (int) sp);
    Cpu cpu = task.cpu();
    cpu.setSlot(PowerState.LR, back);
    clearFloatStatus(cpu);
    set(cpu, 1, frame - caller);
    cpu.setPc(handler);
  }

  private static void putMask(Struct s, int at, long mask) {
    s.put32(at, (int) mask).put32(at + 4, (int) (mask >>> 32));
  }

  private static long mask(Struct s, int low, int high) {
    return s.u32(low) | (long) s.i32(high) << 32;
  }

  @Override
  long sigreturn(Task task, boolean rt) {
    Cpu cpu = task.cpu();
    long sp = cpu.slot(PowerState.gpr(1)) & 0xffff_ffffL;
    if (rt) {
      setContext(task, sp + RT_CALLER + UC, -1);
      return 0;
    }
    long frame = sp + CALLER;
    Struct sc = task.abi().struct(task.memory(), frame, SIGCONTEXT);
    Struct registers =
        task.abi().struct(task.memory(), frame + SIGCONTEXT, MachineContext.HALVES_32);
    restore(task, registers, -1);
    Delivery.setBlocked(task, mask(sc, SC_OLDMASK, SC_SIGMASK_HIGH));
    return 0;
  }

  private void restore(Task task, Struct registers, int keep) {
    context.restore(task.cpu(), registers, 0, keep);
    if (context.hasVectors(registers, 0)) {
      context.restoreVectors(task.cpu(), registers, MachineContext.VECTORS_32, VRSAVE_AT);
    } else {
      context.clearVectors(task.cpu());
    }
  }

  private void setContext(Task task, long address, int keep) {
    Struct uc = task.abi().struct(task.memory(), address, UC_MCONTEXT);
    Struct registers = task.abi().struct(task.memory(), uc.word(UC_REGS), MachineContext.HALVES_32);
    restore(task, registers, keep);
    Delivery.setBlocked(task, mask(uc, UC_SIGMASK, UC_SIGMASK + 4));
    if (keep < 0) {
      long sp = task.cpu().slot(PowerState.gpr(1)) & 0xffff_ffffL;
      restoreStack(task, uc, UC_STACK, 4, sp);
    }
  }

  /** swapcontext(2): saves this context, continues in another one; r2 is the thread's own. */
  long swap(Task task, long old, long next, long size) {
    if (size != 0 && size < UC_WITHOUT_VSX) {
      return -EINVAL;
    }
    Cpu cpu = task.cpu();
    if (old != 0) {
      // The registers as they are when the call returns 0.
      cpu.setSlot(PowerState.gpr(3), 0);
      cpu.setSlot(PowerState.CR0, cpu.slot(PowerState.CR0) & ~1L);
      Struct s = task.abi().struct(UC_MCONTEXT + MachineContext.HALVES_32);
      int registers = (int) ((old + UC_MCONTEXT & -16L) - old);
      s.put32(UC_REGS, (int) old + registers);
      putMask(s, UC_SIGMASK, task.signals().blocked());
      save(cpu, s, registers, 0);
      s.store(task.memory(), old);
    }
    if (next == 0) {
      return 0;
    }
    task.memory().loadable(next, (int) Math.min(Math.max(size, UC_WITHOUT_VSX), 4096));
    setContext(task, next, 2);
    task.calls().keepRegisters();
    return 0;
  }
}
