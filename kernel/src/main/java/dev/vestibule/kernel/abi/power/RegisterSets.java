package dev.vestibule.kernel.abi.power;

import static dev.vestibule.cpu.power.PowerState.CTR;
import static dev.vestibule.cpu.power.PowerState.DSCR;
import static dev.vestibule.cpu.power.PowerState.FPSCR;
import static dev.vestibule.cpu.power.PowerState.LR;
import static dev.vestibule.cpu.power.PowerState.PPR;
import static dev.vestibule.cpu.power.PowerState.TAR;
import static dev.vestibule.cpu.power.PowerState.VRSAVE;
import static dev.vestibule.cpu.power.PowerState.VSCR;
import static dev.vestibule.cpu.power.PowerState.fpr;
import static dev.vestibule.cpu.power.PowerState.gpr;
import static dev.vestibule.cpu.power.PowerState.vr;
import static dev.vestibule.cpu.power.PowerState.vsr;

import dev.vestibule.cpu.Cpu;
import dev.vestibule.cpu.Stop;
import dev.vestibule.cpu.power.PowerState;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.Struct;
import org.jspecify.annotations.Nullable;

/**
 * Where do a Power thread's registers lie in the sets that ptrace(2) and core files show? Source:
 * the kernel's asm/ptrace.h (PT_R0 and the others) and the NT_ numbers of elf.h.
 */
public final class RegisterSets {
  /** General registers, 48 words: PT_R0 to PT_RESULT and DSCR. */
  public static final int NT_PRSTATUS = 1;

  /** FPR 0 to 31 and FPSCR. */
  public static final int NT_FPREGSET = 2;

  /** VR 0 to 31, VSCR and VRSAVE, 16 bytes each. */
  public static final int NT_PPC_VMX = 0x100;

  /** The low doublewords of VSR 0 to 31. */
  public static final int NT_PPC_VSX = 0x102;

  public static final int NT_PPC_TAR = 0x103;
  public static final int NT_PPC_PPR = 0x104;
  public static final int NT_PPC_DSCR = 0x105;

  public static final int NIP = 32;
  public static final int MSR = 33;
  public static final int ORIG_R3 = 34;
  public static final int CTR_AT = 35;
  public static final int LINK = 36;
  public static final int XER = 37;
  public static final int CCR = 38;
  public static final int SOFTE = 39;
  public static final int TRAP = 40;
  private static final int DAR = 41;
  private static final int RESULT = 43;
  private static final int WORDS = 48;

  private static final int TRAP_SYSCALL = 0xc00;

  private RegisterSets() {}

  static @Nullable Struct get(PowerAbi abi, MachineContext context, Task task, int note) {
    Cpu cpu = task.cpu();
    boolean big = abi.bigEndian();
    return switch (note) {
      case NT_PRSTATUS -> general(abi, context, task);
      case NT_FPREGSET -> {
        Struct s = abi.struct(33 * 8);
        for (int n = 0; n < 32; n++) {
          s.put64(8 * n, cpu.slot(fpr(n)));
        }
        yield s.put64(8 * 32, cpu.slot(FPSCR) & 0xffff_ffffL);
      }
      case NT_PPC_VMX -> {
        Struct s = abi.struct(34 * 16);
        for (int n = 0; n < 32; n++) {
          s.put64(16 * n, cpu.slot(vr(n) + (big ? 1 : 0)));
          s.put64(16 * n + 8, cpu.slot(vr(n) + (big ? 0 : 1)));
        }
        yield s.put32(512 + (big ? 12 : 0), (int) cpu.slot(VSCR))
            .put32(528, (int) cpu.slot(VRSAVE));
      }
      case NT_PPC_VSX -> {
        Struct s = abi.struct(32 * 8);
        for (int n = 0; n < 32; n++) {
          s.put64(8 * n, cpu.slot(vsr(n)));
        }
        yield s;
      }
      case NT_PPC_TAR -> one(abi, cpu, TAR);
      case NT_PPC_PPR -> one(abi, cpu, PPR);
      case NT_PPC_DSCR -> one(abi, cpu, DSCR);
      default -> null;
    };
  }

  private static @Nullable Struct one(PowerAbi abi, Cpu cpu, int slot) {
    return abi.wide() ? abi.struct(8).put64(0, cpu.slot(slot)) : null;
  }

  private static Struct general(PowerAbi abi, MachineContext context, Task task) {
    Cpu cpu = task.cpu();
    int word = abi.wordSize();
    Struct s = abi.struct(WORDS * word);
    for (int n = 0; n < 32; n++) {
      s.putWord(n * word, cpu.slot(gpr(n)));
    }
    boolean call = task.calls().insideCall();
    s.putWord(NIP * word, cpu.pc());
    s.putWord(MSR * word, context.msr());
    s.putWord(ORIG_R3 * word, task.calls().firstArgument());
    s.putWord(CTR_AT * word, cpu.slot(CTR));
    s.putWord(LINK * word, cpu.slot(LR));
    s.putWord(XER * word, PowerState.xer(cpu));
    s.putWord(CCR * word, PowerState.cr(cpu) & 0xffff_ffffL);
    s.putWord(SOFTE * word, abi.wide() ? 1 : 0);
    s.putWord(TRAP * word, call ? TRAP_SYSCALL : trap(task.calls().lastStop()));
    boolean fault = task.calls().lastStop() == Stop.FAULT;
    s.putWord(DAR * word, fault ? cpu.fault().address() : 0);
    s.putWord(RESULT * word, 0);
    return s;
  }

  /** The interrupt vector that a stop would have come through. */
  private static int trap(Stop stop) {
    return switch (stop) {
      case SYSCALL -> 0; // a tracer has said that it is none any longer
      case FAULT -> 0x300;
      case ILLEGAL, PRIVILEGED, TRAP, FLOAT -> 0x700;
      case ATTENTION -> 0x900;
    };
  }

  /** Returns false for a set there is none of. */
  static boolean set(PowerAbi abi, Task task, int note, Struct s) {
    Cpu cpu = task.cpu();
    boolean big = abi.bigEndian();
    switch (note) {
      case NT_PRSTATUS -> setGeneral(abi, task, s);
      case NT_FPREGSET -> {
        for (int n = 0; n < 32; n++) {
          cpu.setSlot(fpr(n), s.i64(8 * n));
        }
        cpu.setSlot(FPSCR, s.i64(8 * 32) & 0xffff_ffffL);
      }
      case NT_PPC_VMX -> {
        for (int n = 0; n < 32; n++) {
          cpu.setSlot(vr(n) + (big ? 1 : 0), s.i64(16 * n));
          cpu.setSlot(vr(n) + (big ? 0 : 1), s.i64(16 * n + 8));
        }
        cpu.setSlot(VSCR, s.u32(512 + (big ? 12 : 0)) & 0x1_0001);
        cpu.setSlot(VRSAVE, s.u32(528));
      }
      case NT_PPC_VSX -> {
        for (int n = 0; n < 32; n++) {
          cpu.setSlot(vsr(n), s.i64(8 * n));
        }
      }
      case NT_PPC_TAR, NT_PPC_PPR, NT_PPC_DSCR -> {
        if (!abi.wide()) {
          return false;
        }
        int slot = note == NT_PPC_TAR ? TAR : note == NT_PPC_PPR ? PPR : DSCR;
        cpu.setSlot(slot, s.i64(0));
      }
      default -> {
        return false;
      }
    }
    return true;
  }

  private static void setGeneral(PowerAbi abi, Task task, Struct s) {
    Cpu cpu = task.cpu();
    int word = abi.wordSize();
    for (int n = 0; n < 32; n++) {
      cpu.setSlot(gpr(n), s.word(n * word));
    }
    cpu.setPc(s.word(NIP * word) & -4L);
    cpu.setSlot(CTR, s.word(CTR_AT * word));
    cpu.setSlot(LR, s.word(LINK * word));
    PowerState.setXer(cpu, s.word(XER * word));
    PowerState.setCr(cpu, (int) s.word(CCR * word));
    boolean call = (s.word(TRAP * word) & 0xfff0) == TRAP_SYSCALL;
    task.calls().setEntry(s.word(ORIG_R3 * word), call);
  }
}
