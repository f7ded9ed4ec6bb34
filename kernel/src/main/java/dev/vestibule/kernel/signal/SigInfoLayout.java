package dev.vestibule.kernel.signal;

import dev.vestibule.kernel.abi.GuestAbi;
import dev.vestibule.kernel.abi.Struct;

/**
 * Where do the fields of siginfo_t lie? Generic layout of asm-generic/siginfo.h: signo, errno,
 * code, then a union aligned to a word.
 */
public final class SigInfoLayout {
  public static final int SIZE = 128;
  private static final int SI_SIGIO = -5;

  private SigInfoLayout() {}

  private enum Family {
    KILL,
    TIMER,
    POLL,
    FAULT,
    CHILD,
    QUEUED
  }

  private static Family family(int signal, int code) {
    if (code > SigInfo.SI_USER && code < SigInfo.SI_KERNEL) {
      return switch (signal) {
        case Signals.SIGILL,
            Signals.SIGFPE,
            Signals.SIGSEGV,
            Signals.SIGBUS,
            Signals.SIGTRAP,
            Signals.SIGSYS ->
            Family.FAULT;
        case Signals.SIGCHLD -> Family.CHILD;
        case Signals.SIGIO -> Family.POLL;
        default -> Family.KILL;
      };
    }
    if (code == SigInfo.SI_TIMER) {
      return Family.TIMER;
    }
    if (code == SI_SIGIO) {
      return Family.POLL;
    }
    return code < 0 ? Family.QUEUED : Family.KILL;
  }

  /** The structure as the guest sees it, 128 bytes. */
  public static Struct build(GuestAbi abi, SigInfo info) {
    Struct s = abi.struct(SIZE);
    int word = abi.wordSize();
    int at = word == 8 ? 16 : 12;
    byte[] raw = info.raw();
    if (raw != null) {
      System.arraycopy(raw, 0, s.bytes(), 0, Math.min(raw.length, SIZE));
    }
    s.put32(0, info.signal()).put32(8, info.code());
    if (raw != null) {
      return s;
    }
    switch (family(info.signal(), info.code())) {
      case KILL -> s.put32(at, info.pid()).put32(at + 4, info.uid());
      case TIMER, QUEUED ->
          s.put32(at, info.pid()).put32(at + 4, info.uid()).putWord(at + 8, info.value());
      case FAULT -> s.putWord(at, info.address());
      case POLL -> s.putWord(at, info.value()).put32(at + word, (int) info.extra());
      case CHILD -> {
        int times = at + (word == 8 ? 16 : 12);
        s.put32(at, info.pid()).put32(at + 4, info.uid()).put32(at + 8, (int) info.value());
        s.putWord(times, info.address()).putWord(times + word, info.extra());
      }
    }
    return s;
  }

  /** What rt_sigqueueinfo(2) was given; the signal number comes from its own argument. */
  public static SigInfo parse(GuestAbi abi, Struct s, int signal) {
    int at = abi.wordSize() == 8 ? 16 : 12;
    int code = s.i32(8);
    return new SigInfo(
        signal, code, s.i32(at), s.i32(at + 4), s.word(at + 8), 0, 0, s.bytes().clone());
  }
}
