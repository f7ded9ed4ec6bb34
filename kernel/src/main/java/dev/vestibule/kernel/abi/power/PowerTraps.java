package dev.vestibule.kernel.abi.power;

import dev.vestibule.cpu.Cpu;
import dev.vestibule.cpu.GuestFault;
import dev.vestibule.cpu.Stop;
import dev.vestibule.cpu.power.PowerState;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.signal.SigInfo;
import dev.vestibule.kernel.signal.Signals;
import org.jspecify.annotations.Nullable;

/** Which signal does a Power processor's trap become? */
final class PowerTraps {
  private PowerTraps() {}

  static @Nullable SigInfo signalFor(Task task, Stop stop) {
    Cpu cpu = task.cpu();
    long pc = cpu.pc();
    return switch (stop) {
      case FAULT -> fault(cpu.fault());
      case ILLEGAL -> SigInfo.fault(Signals.SIGILL, SigInfo.ILL_ILLOPC, pc);
      case PRIVILEGED -> SigInfo.fault(Signals.SIGILL, SigInfo.ILL_PRVOPC, pc);
      case TRAP -> SigInfo.fault(Signals.SIGTRAP, SigInfo.TRAP_BRKPT, pc);
      case FLOAT -> SigInfo.fault(Signals.SIGFPE, floatCode(cpu), pc);
      case SYSCALL, ATTENTION -> null;
    };
  }

  static SigInfo fault(GuestFault fault) {
    return switch (fault.cause()) {
      case UNMAPPED -> SigInfo.fault(Signals.SIGSEGV, SigInfo.SEGV_MAPERR, fault.address());
      case FORBIDDEN -> SigInfo.fault(Signals.SIGSEGV, SigInfo.SEGV_ACCERR, fault.address());
      case BEYOND_FILE -> SigInfo.fault(Signals.SIGBUS, SigInfo.BUS_ADRERR, fault.address());
      case WATCHED -> SigInfo.fault(Signals.SIGTRAP, SigInfo.TRAP_HWBKPT, fault.address());
      case MISALIGNED -> SigInfo.fault(Signals.SIGBUS, SigInfo.BUS_ADRALN, fault.address());
    };
  }

  /** The first enabled exception in the order Linux tests them: VE, OE, UE, ZE, XE. */
  private static int floatCode(Cpu cpu) {
    long fpscr = cpu.slot(PowerState.FPSCR);
    if ((fpscr & 0x80) != 0 && (fpscr & 0x2000_0000) != 0) {
      return SigInfo.FPE_FLTINV;
    }
    if ((fpscr & 0x40) != 0 && (fpscr & 0x1000_0000) != 0) {
      return SigInfo.FPE_FLTOVF;
    }
    if ((fpscr & 0x20) != 0 && (fpscr & 0x0800_0000) != 0) {
      return SigInfo.FPE_FLTUND;
    }
    if ((fpscr & 0x10) != 0 && (fpscr & 0x0400_0000) != 0) {
      return SigInfo.FPE_FLTDIV;
    }
    if ((fpscr & 0x08) != 0 && (fpscr & 0x0200_0000) != 0) {
      return SigInfo.FPE_FLTRES;
    }
    return 14; // FPE_FLTUNK
  }
}
