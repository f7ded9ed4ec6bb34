package dev.vestibule.kernel.call;

import static dev.vestibule.kernel.Errno.EAGAIN;
import static dev.vestibule.kernel.Errno.EINTR;
import static dev.vestibule.kernel.Errno.EINVAL;
import static dev.vestibule.kernel.Errno.ERESTARTNOHAND;

import dev.vestibule.declare.Syscall;
import dev.vestibule.declare.Syscall.Result;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.GuestAbi;
import dev.vestibule.kernel.abi.Struct;
import dev.vestibule.kernel.signal.Delivery;
import dev.vestibule.kernel.signal.SigInfo;
import dev.vestibule.kernel.signal.SigInfoLayout;
import dev.vestibule.kernel.signal.SignalAction;
import dev.vestibule.kernel.signal.Signals;
import dev.vestibule.kernel.signal.TaskSignals;
import dev.vestibule.kernel.wait.Wait;

/** A task's own signals: sigaction(2), sigprocmask(2), sigsuspend(2), sigaltstack(2) ... */
public final class SignalCalls {
  private static final int SET_SIZE = 8;
  private static final int SIG_BLOCK = 0;
  private static final int SIG_UNBLOCK = 1;
  private static final int SIG_SETMASK = 2;

  private SignalCalls() {}

  // ---- sets in memory -------------------------------------------------------------------------

  /** Reads a sigset_t: words in the guest's order, signal 1 in bit 0 of the first. */
  static long loadSet(Task t, long address) {
    if (t.abi().wordSize() == 8) {
      return t.memory().load64(address);
    }
    long low = t.memory().load32(address) & 0xffff_ffffL;
    return low | (long) t.memory().load32(address + 4) << 32;
  }

  static void storeSet(Task t, long address, long set) {
    if (t.abi().wordSize() == 8) {
      t.memory().store64(address, set);
    } else {
      t.memory().store32(address, (int) set);
      t.memory().store32(address + 4, (int) (set >>> 32));
    }
  }

  // ---- actions --------------------------------------------------------------------------------

  /** Linux's struct sigaction: handler, flags, restorer, mask. */
  @Syscall(names = "rt_sigaction", args = "signal, sigaction, out_sigaction, size")
  public static long rtSigaction(Task t, int signal, long action, long old, long size) {
    if (size != SET_SIZE) {
      return -EINVAL;
    }
    GuestAbi abi = t.abi();
    int word = abi.wordSize();
    SignalAction wanted = null;
    if (action != 0) {
      Struct s = abi.struct(t.memory(), action, 3 * word + SET_SIZE);
      wanted =
          new SignalAction(
              s.word(0), s.word(word), s.word(2 * word), loadSet(t, action + 3L * word));
    }
    SignalAction before = exchange(t, signal, wanted);
    if (before == null) {
      return -EINVAL;
    }
    if (old != 0) {
      abi.storeWord(t.memory(), old, before.handler());
      abi.storeWord(t.memory(), old + word, before.flags());
      abi.storeWord(t.memory(), old + 2L * word, before.restorer());
      storeSet(t, old + 3L * word, before.mask());
    }
    return 0;
  }

  /** The old structure: handler, one word of mask, flags, restorer. */
  @Syscall(args = "signal, ptr, out")
  public static long sigaction(Task t, int signal, long action, long old) {
    GuestAbi abi = t.abi();
    int word = abi.wordSize();
    SignalAction wanted = null;
    if (action != 0) {
      Struct s = abi.struct(t.memory(), action, 4 * word);
      wanted = new SignalAction(s.word(0), s.word(2 * word), s.word(3 * word), s.word(word));
    }
    SignalAction before = exchange(t, signal, wanted);
    if (before == null) {
      return -EINVAL;
    }
    if (old != 0) {
      abi.struct(4 * word)
          .putWord(0, before.handler())
          .putWord(word, before.mask())
          .putWord(2 * word, before.flags())
          .putWord(3 * word, before.restorer())
          .store(t.memory(), old);
    }
    return 0;
  }

  @Syscall(args = "signal, ptr", result = Result.HEX)
  public static long signal(Task t, int signal, long handler) {
    long oneShot = (SignalAction.SA_RESETHAND & 0xffff_ffffL) | SignalAction.SA_NODEFER;
    SignalAction before = exchange(t, signal, new SignalAction(handler, oneShot, 0, 0));
    return before == null ? -EINVAL : before.handler();
  }

  /** Returns the old action, or null for a signal whose action cannot be set. */
  private static @org.jspecify.annotations.Nullable SignalAction exchange(
      Task t, int signal, @org.jspecify.annotations.Nullable SignalAction wanted) {
    if (!Signals.valid(signal) || wanted != null && Signals.contains(Signals.UNSTOPPABLE, signal)) {
      return null;
    }
    Process process = t.process();
    synchronized (t.machine().lock()) {
      SignalAction before = process.actions().get(signal);
      if (wanted != null) {
        process
            .actions()
            .set(
                signal,
                new SignalAction(
                    wanted.handler(),
                    wanted.flags() & 0xffff_ffffL,
                    wanted.restorer(),
                    wanted.mask() & ~Signals.UNSTOPPABLE));
        if (process.actions().ignores(signal)) {
          process.discardPending(Signals.mask(signal));
        }
      }
      return before;
    }
  }

  // ---- masks ----------------------------------------------------------------------------------

  @Syscall(names = "rt_sigprocmask", args = "sighow, sigset, out_sigset, size")
  public static long rtSigprocmask(Task t, int how, long set, long old, long size) {
    if (size != SET_SIZE) {
      return -EINVAL;
    }
    long before = t.signals().blocked();
    if (set != 0) {
      long result = change(t, how, loadSet(t, set));
      if (result != 0) {
        return result;
      }
    }
    if (old != 0) {
      storeSet(t, old, before);
    }
    return 0;
  }

  /** The old call changes signals 1 to 32 (to 64 where a word has 64 bits) only. */
  @Syscall(args = "sighow, ptr, out")
  public static long sigprocmask(Task t, int how, long set, long old) {
    long before = t.signals().blocked();
    if (set != 0) {
      long word = t.abi().loadWord(t.memory(), set);
      long others = t.abi().wordSize() == 8 ? 0 : before & 0xffff_ffff_0000_0000L;
      long result = change(t, how, how == SIG_SETMASK ? word | others : word);
      if (result != 0) {
        return result;
      }
    }
    if (old != 0) {
      t.abi().storeWord(t.memory(), old, before);
    }
    return 0;
  }

  private static long change(Task t, int how, long set) {
    long blocked = t.signals().blocked();
    switch (how) {
      case SIG_BLOCK -> Delivery.setBlocked(t, blocked | set);
      case SIG_UNBLOCK -> Delivery.setBlocked(t, blocked & ~set);
      case SIG_SETMASK -> Delivery.setBlocked(t, set);
      default -> {
        return -EINVAL;
      }
    }
    return 0;
  }

  @Syscall(result = Result.HEX)
  public static long sgetmask(Task t) {
    return t.signals().blocked() & 0xffff_ffffL;
  }

  @Syscall(args = "int", result = Result.HEX)
  public static long ssetmask(Task t, int mask) {
    long old = t.signals().blocked();
    Delivery.setBlocked(t, mask & 0xffff_ffffL);
    return old & 0xffff_ffffL;
  }

  private static long pending(Task t) {
    synchronized (t.machine().lock()) {
      long all = t.signals().pending().set() | t.process().pending().set();
      return all & t.signals().blocked();
    }
  }

  @Syscall(names = "rt_sigpending", args = "out_sigset, size")
  public static long rtSigpending(Task t, long set, long size) {
    if (size < 0 || size > SET_SIZE) {
      return -EINVAL;
    }
    if (size == SET_SIZE) {
      storeSet(t, set, pending(t));
    }
    return 0;
  }

  @Syscall(args = "out")
  public static long sigpending(Task t, long set) {
    t.abi().storeWord(t.memory(), set, pending(t));
    return 0;
  }

  // ---- waiting for signals --------------------------------------------------------------------

  @Syscall(names = "rt_sigsuspend", args = "sigset, size")
  public static long rtSigsuspend(Task t, long set, long size) {
    return size != SET_SIZE ? -EINVAL : suspend(t, loadSet(t, set));
  }

  @Syscall(args = "ulong")
  public static long sigsuspend(Task t, long mask) {
    return suspend(t, mask);
  }

  private static long suspend(Task t, long mask) {
    synchronized (t.machine().lock()) {
      t.signals().suspendMask(mask);
      Delivery.recalculate(t);
    }
    try (Wait wait = Wait.on(t)) {
      while (wait.sleep() != Wait.Outcome.INTERRUPTED) {
        // Nothing but a signal wakes it.
      }
    }
    return -ERESTARTNOHAND;
  }

  @Syscall
  public static long pause(Task t) {
    try (Wait wait = Wait.on(t)) {
      while (wait.sleep() != Wait.Outcome.INTERRUPTED) {
        // Nothing but a signal wakes it.
      }
    }
    return -ERESTARTNOHAND;
  }

  @Syscall(names = "rt_sigtimedwait", args = "sigset, out_siginfo, timespec, size")
  public static long rtSigtimedwait(Task t, long set, long info, long timeout, long size) {
    return timedWait(t, set, info, timeout, size, t.abi().wordSize());
  }

  @Syscall(
      names = "rt_sigtimedwait_time64",
      args = "sigset, out_siginfo, timespec64, size",
      since = "5.1")
  public static long rtSigtimedwait64(Task t, long set, long info, long timeout, long size) {
    return timedWait(t, set, info, timeout, size, 8);
  }

  /** A 32-bit guest's 64-bit timespec has padding beside the nanoseconds. */
  private static int bigAt(Task t) {
    return t.abi().bigEndian() ? 12 : 8;
  }

  private static long timedWait(Task t, long set, long info, long timeout, long size, int word) {
    if (size != SET_SIZE) {
      return -EINVAL;
    }
    long wanted = loadSet(t, set) & ~Signals.UNSTOPPABLE;
    long deadline = Wait.FOREVER;
    if (timeout != 0) {
      Struct s = t.abi().struct(t.memory(), timeout, 2 * word);
      long seconds = word == 8 ? s.i64(0) : s.i32(0);
      long nanos = word == 4 ? s.i32(4) : t.abi().wordSize() == 8 ? s.i64(8) : s.i32(bigAt(t));
      if (seconds < 0 || nanos < 0 || nanos >= 1_000_000_000) {
        return -EINVAL;
      }
      deadline = FutexCalls.after(t, seconds, nanos);
    }
    SigInfo taken = null;
    long failure = -EAGAIN;
    try (Wait wait = Wait.on(t)) {
      while (true) {
        synchronized (t.machine().lock()) {
          taken = Delivery.dequeue(t, wanted);
          if (taken != null) {
            break;
          }
          t.signals().setWaitedFor(wanted);
          Delivery.recalculate(t);
          if (t.mustLeaveSleep()) {
            failure = -EINTR;
            break;
          }
        }
        if (wait.sleepUntil(deadline) == Wait.Outcome.TIMED_OUT) {
          synchronized (t.machine().lock()) {
            taken = Delivery.dequeue(t, wanted);
          }
          break;
        }
      }
    } finally {
      Delivery.endWait(t);
    }
    if (taken == null) {
      return failure;
    }
    if (info != 0) {
      SigInfoLayout.build(t.abi(), taken).store(t.memory(), info);
    }
    return taken.signal();
  }

  // ---- stacks and returning -------------------------------------------------------------------

  @Syscall(args = "stack, out_stack")
  public static long sigaltstack(Task t, long stack, long old) {
    int word = t.abi().wordSize();
    TaskSignals signals = t.signals();
    long sp = t.abi().stackPointer(t.cpu());
    Struct before = t.abi().struct(3 * word);
    before.putWord(0, signals.stackBase());
    before.put32(word, signals.stackStatus(sp));
    before.putWord(2 * word, signals.stackSize());
    if (stack != 0) {
      Struct s = t.abi().struct(t.memory(), stack, 3 * word);
      long result =
          signals.changeStack(
              s.word(0), s.word(2 * word), s.i32(word), sp, t.abi().minimumSignalStack());
      if (result != 0) {
        return result;
      }
    }
    if (old != 0) {
      before.store(t.memory(), old);
    }
    return 0;
  }

  @Syscall(result = Result.NOTHING)
  public static long sigreturn(Task t) {
    return goBack(t, false);
  }

  @Syscall(names = "rt_sigreturn", result = Result.NOTHING)
  public static long rtSigreturn(Task t) {
    return goBack(t, true);
  }

  private static long goBack(Task t, boolean rt) {
    t.calls().keepRegisters();
    try {
      return t.abi().sigreturn(t, rt);
    } catch (dev.vestibule.cpu.GuestFault fault) {
      long pc = t.cpu().pc();
      Delivery.force(t, SigInfo.fault(Signals.SIGSEGV, SigInfo.SEGV_MAPERR, pc));
      return 0;
    }
  }

  @Syscall(args = "ptr, ptr, long")
  public static long swapcontext(Task t, long old, long next, long size) {
    return t.abi().swapContext(t, old, next, size);
  }
}
