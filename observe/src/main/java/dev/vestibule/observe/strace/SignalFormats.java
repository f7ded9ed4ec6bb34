package dev.vestibule.observe.strace;

import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.kernel.ArgKind;
import dev.vestibule.kernel.abi.GuestAbi;
import dev.vestibule.kernel.abi.Struct;
import dev.vestibule.kernel.signal.SigInfo;
import dev.vestibule.kernel.signal.SigInfoLayout;
import dev.vestibule.kernel.signal.SignalAction;
import dev.vestibule.kernel.signal.Signals;
import java.util.Map;

/** How are signal sets, dispositions and reasons shown? */
final class SignalFormats {
  private static final int SI_CODES_KERNEL = SigInfo.SI_KERNEL;
  private static final Names SI_CODES = Names.of("SI_", "SI_USER=0 SI_KERNEL=0x80");
  private static final Names NEGATIVE_CODES =
      Names.of(
          "SI_",
          "SI_QUEUE=1 SI_TIMER SI_MESGQ SI_ASYNCIO SI_SIGIO SI_TKILL SI_DETHREAD SI_ASYNCNL=60");
  private static final Names ILL =
      Names.of(
          "ILL_",
          "ILL_ILLOPC=1 ILL_ILLOPN ILL_ILLADR ILL_ILLTRP ILL_PRVOPC ILL_PRVREG ILL_COPROC ILL_BADSTK");
  private static final Names FPE =
      Names.of(
          "FPE_",
          "FPE_INTDIV=1 FPE_INTOVF FPE_FLTDIV FPE_FLTOVF FPE_FLTUND FPE_FLTRES FPE_FLTINV FPE_FLTSUB");
  private static final Names SEGV =
      Names.of("SEGV_", "SEGV_MAPERR=1 SEGV_ACCERR SEGV_BNDERR SEGV_PKUERR");
  private static final Names BUS = Names.of("BUS_", "BUS_ADRALN=1 BUS_ADRERR BUS_OBJERR");
  private static final Names TRAP =
      Names.of("TRAP_", "TRAP_BRKPT=1 TRAP_TRACE TRAP_BRANCH TRAP_HWBKPT");
  private static final Names CLD =
      Names.of("CLD_", "CLD_EXITED=1 CLD_KILLED CLD_DUMPED CLD_TRAPPED CLD_STOPPED CLD_CONTINUED");
  private static final Names POLL =
      Names.of("POLL_", "POLL_IN=1 POLL_OUT POLL_MSG POLL_ERR POLL_PRI POLL_HUP");

  private SignalFormats() {}

  static void register(Map<ArgKind, ArgFormat> all) {
    ArgFormat set =
        (call, i) -> set(call.text(), loadSet(call.abi(), call.memory(), call.argument(i)));
    all.put(ArgKind.SIGSET, ArgFormat.in(set));
    all.put(ArgKind.OUT_SIGSET, ArgFormat.out(set));
    all.put(ArgKind.SIGACTION, ArgFormat.in(SignalFormats::action));
    all.put(ArgKind.OUT_SIGACTION, ArgFormat.out(SignalFormats::action));
    all.put(ArgKind.SIGINFO, ArgFormat.in(SignalFormats::info));
    all.put(ArgKind.OUT_SIGINFO, ArgFormat.out(SignalFormats::info));
    all.put(ArgKind.STACK, ArgFormat.in(SignalFormats::stack));
    all.put(ArgKind.OUT_STACK, ArgFormat.out(SignalFormats::stack));
  }

  /** Reads a sigset_t: 64 bits as words, the one with the low signals first. */
  static long loadSet(GuestAbi abi, GuestMemory memory, long address) {
    if (abi.wide()) {
      return memory.load64(address);
    }
    return memory.load32(address) & 0xffff_ffffL | (long) memory.load32(address + 4) << 32;
  }

  /** Appends a set; one with more than two thirds of all signals as its complement. */
  static void set(StringBuilder text, long set) {
    boolean most = Long.bitCount(set) >= Signals.LAST * 2 / 3;
    long shown = most ? ~set : set;
    text.append(most ? "~[" : "[");
    String gap = "";
    for (int signal = 1; signal <= Signals.LAST; signal++) {
      if (Signals.contains(shown, signal)) {
        text.append(gap).append(Signals.name(signal).substring(3));
        gap = " ";
      }
    }
    text.append(']');
  }

  private static void action(Call call, int index) {
    GuestAbi abi = call.abi();
    int word = abi.wordSize();
    long at = call.argument(index);
    Struct s = abi.struct(call.memory(), at, 3 * word + 8);
    StringBuilder text = call.text().append("{sa_handler=");
    handler(call, s.word(0));
    text.append(", sa_mask=");
    set(text, loadSet(abi, call.memory(), at + 3L * word));
    text.append(", sa_flags=");
    Tables.SA_FLAGS.flags(text, s.u32(word == 8 && abi.bigEndian() ? word + 4 : word));
    int restorer = 0x04000000;
    if ((s.word(word) & restorer) != 0) {
      text.append(", sa_restorer=");
      call.address(s.word(2 * word));
    }
    text.append('}');
  }

  static void handler(Call call, long handler) {
    if (handler == SignalAction.DEFAULT) {
      call.text().append("SIG_DFL");
    } else if (handler == SignalAction.IGNORE) {
      call.text().append("SIG_IGN");
    } else {
      call.address(handler);
    }
  }

  private static void stack(Call call, int index) {
    int word = call.abi().wordSize();
    Struct s = call.abi().struct(call.memory(), call.argument(index), 3 * word);
    call.text().append("{ss_sp=");
    call.address(s.word(0));
    call.text().append(", ss_flags=");
    Tables.SS_FLAGS.flags(call.text(), s.u32(word));
    call.text().append(", ss_size=").append(s.word(2 * word)).append('}');
  }

  private static void info(Call call, int index) {
    Struct s = call.abi().struct(call.memory(), call.argument(index), SigInfoLayout.SIZE);
    if (s.i32(0) == 0 && s.i32(8) == 0) {
      call.text().append("{}");
    } else {
      info(call.text(), call.abi(), s);
    }
  }

  /** Appends a siginfo_t. */
  static void info(StringBuilder text, GuestAbi abi, Struct s) {
    int signal = s.i32(0);
    int code = s.i32(8);
    text.append("{si_signo=").append(Formats.signal(signal)).append(", si_code=");
    code(text, signal, code);
    if (s.i32(4) != 0) {
      text.append(", si_errno=").append(s.i32(4));
    }
    int at = abi.wordSize() == 8 ? 16 : 12;
    if (code == SigInfo.SI_TIMER) {
      text.append(", si_timerid=");
      Formats.hex(text, s.u32(at));
      text.append(", si_overrun=").append(s.i32(at + 4));
      value(text, s, at + 8);
    } else if (code < 0) {
      sender(text, s, at);
      if (code != SigInfo.SI_TKILL || s.word(at + 8) != 0) {
        value(text, s, at + 8);
      }
    } else if (code == SigInfo.SI_USER) {
      sender(text, s, at);
    } else if (code < SI_CODES_KERNEL) {
      bySignal(text, abi, s, signal, code, at);
    } else if (s.i32(at) != 0 || s.i32(at + 4) != 0) {
      sender(text, s, at);
    }
    text.append('}');
  }

  private static void bySignal(
      StringBuilder text, GuestAbi abi, Struct s, int signal, int code, int at) {
    switch (signal) {
      case Signals.SIGCHLD -> {
        sender(text, s, at);
        int times = at + (abi.wide() ? 16 : 12);
        boolean exited = code == SigInfo.CLD_EXITED;
        int status = s.i32(at + 8);
        text.append(", si_status=").append(exited ? status : Formats.signal(status));
        text.append(", si_utime=").append(s.word(times));
        text.append(", si_stime=").append(s.word(times + abi.wordSize()));
      }
      case Signals.SIGILL, Signals.SIGFPE, Signals.SIGSEGV, Signals.SIGBUS, Signals.SIGTRAP -> {
        long address = s.word(at);
        text.append(", si_addr=");
        text.append(address == 0 ? "NULL" : "0x" + Long.toHexString(address));
      }
      case Signals.SIGIO -> {
        text.append(", si_band=").append(s.signedWord(at));
        text.append(", si_fd=").append(s.i32(at + abi.wordSize()));
      }
      default -> sender(text, s, at);
    }
  }

  private static void sender(StringBuilder text, Struct s, int at) {
    text.append(", si_pid=").append(s.i32(at)).append(", si_uid=").append(s.u32(at + 4));
  }

  private static void value(StringBuilder text, Struct s, int at) {
    long pointer = s.word(at);
    if (pointer != 0) {
      text.append(", si_int=").append(s.i32(at));
      text.append(", si_ptr=0x").append(Long.toHexString(pointer));
    }
  }

  private static void code(StringBuilder text, int signal, int code) {
    if (code < 0) {
      String name = NEGATIVE_CODES.get(-code);
      text.append(name != null ? name : Integer.toString(code));
      return;
    }
    Names names =
        code == SigInfo.SI_USER || code >= SI_CODES_KERNEL
            ? SI_CODES
            : switch (signal) {
              case Signals.SIGILL -> ILL;
              case Signals.SIGFPE -> FPE;
              case Signals.SIGSEGV -> SEGV;
              case Signals.SIGBUS -> BUS;
              case Signals.SIGTRAP -> TRAP;
              case Signals.SIGCHLD -> CLD;
              case Signals.SIGIO -> POLL;
              default -> SI_CODES;
            };
    String name = names.get(code);
    text.append(name != null ? name : "0x" + Integer.toHexString(code));
  }
}
