package dev.vestibule.kernel.abi.power;

import dev.vestibule.cpu.Cpu;
import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.cpu.power.PowerState;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.Struct;
import dev.vestibule.kernel.exec.HandedPages.Handed;
import dev.vestibule.kernel.signal.SigInfo;
import dev.vestibule.kernel.signal.SigInfoLayout;
import dev.vestibule.kernel.signal.SignalAction;
import dev.vestibule.kernel.signal.TaskSignals;

/**
 * How does a Power thread enter a signal handler and return from it? What is the same for both word
 * sizes; the frames themselves are in {@link Frames32} and {@link Frames64}.
 */
abstract class SignalFrames {
  static final int ADDI_R1 = 0x3821_0000;
  static final int LI_R0 = 0x3800_0000;
  static final int SC = 0x4400_0002;
  static final int BCTRL = 0x4e80_0421;
  static final int NR_SIGRETURN = 119;
  static final int NR_RT_SIGRETURN = 172;

  abstract void push(Task task, SigInfo info, SignalAction action, long mask);

  abstract long sigreturn(Task task, boolean rt);

  /** Address of a frame of {@code size} bytes on the stack the action asks for. */
  static long place(Task task, SignalAction action, long sp, int size) {
    TaskSignals signals = task.signals();
    long from = sp;
    if (action.has(SignalAction.SA_ONSTACK) && signals.stackSize() != 0 && !signals.onStack(sp)) {
      from = signals.stackBase() + signals.stackSize();
    }
    return from - size & -16L;
  }

  /** Writes stack_t. */
  static void putStack(Struct s, int at, TaskSignals signals, int word) {
    s.putWord(at, signals.stackBase());
    s.put32(at + word, signals.stackFlags());
    s.putWord(at + 2 * word, signals.stackSize());
  }

  /** What sigreturn does with the stack_t in the frame; errors have no effect. */
  static void restoreStack(Task task, Struct s, int at, int word, long sp) {
    task.signals()
        .changeStack(
            s.word(at),
            s.word(at + 2 * word),
            s.i32(at + word),
            sp,
            task.abi().minimumSignalStack());
  }

  static Struct siginfo(Task task, SigInfo info) {
    return SigInfoLayout.build(task.abi(), info);
  }

  /** Writes a return trampoline into the frame, for processes without a vDSO. */
  static void putTrampoline(Struct s, int at, int... words) {
    for (int i = 0; i < words.length; i++) {
      s.put32(at + 4 * i, words[i]);
    }
  }

  static Handed handed(Task task) {
    return task.space().handed();
  }

  static void set(Cpu cpu, int register, long value) {
    cpu.setSlot(PowerState.gpr(register), value);
  }

  /** Handlers begin with default rounding and no exceptions enabled. */
  static void clearFloatStatus(Cpu cpu) {
    cpu.setSlot(PowerState.FPSCR, 0);
  }

  static void store(GuestMemory memory, long address, Struct s) {
    s.store(memory, address);
  }
}
