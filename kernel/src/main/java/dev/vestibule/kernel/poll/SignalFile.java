package dev.vestibule.kernel.poll;

import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.Struct;
import dev.vestibule.kernel.file.FileState;
import dev.vestibule.kernel.file.IoVector;
import dev.vestibule.kernel.signal.Delivery;
import dev.vestibule.kernel.signal.SigInfo;
import dev.vestibule.kernel.signal.Signals;
import dev.vestibule.kernel.wait.Blocking;
import dev.vestibule.kernel.wait.WaitQueue;
import org.jspecify.annotations.Nullable;

/** Which pending signals does a descriptor of signalfd(2) hand over? */
public final class SignalFile extends AnonymousFile {
  private static final int SIZE = 128;
  private final Process process;
  private final Task maker;
  private volatile long mask;

  public SignalFile(Task maker, long mask, int flags) {
    super(flags, "[signalfd]");
    this.maker = maker;
    this.process = maker.process();
    setMask(mask);
  }

  /** Changes the signals it takes. */
  public void setMask(long set) {
    mask = set & ~Signals.UNSTOPPABLE;
    process.signalled().wake();
  }

  @Override
  public WaitQueue waiters() {
    return process.signalled();
  }

  @Override
  public long read(Task task, IoVector to, long offset) {
    if (to.total() < SIZE) {
      return -Errno.EINVAL;
    }
    int[] done = new int[1];
    WaitQueue queue = task.process().signalled();
    return Blocking.repeat(
        task,
        queue,
        nonBlocking(),
        () -> {
          while (to.total() - done[0] >= SIZE) {
            SigInfo info = take(task);
            if (info == null) {
              break;
            }
            byte[] bytes = layout(task, info).bytes();
            done[0] += to.put(done[0], bytes, 0, SIZE);
          }
          return done[0] == 0 ? -Errno.EAGAIN : done[0];
        });
  }

  private @Nullable SigInfo take(Task task) {
    synchronized (task.machine().lock()) {
      SigInfo info = Delivery.dequeue(task, mask);
      if (info != null) {
        Delivery.recalculate(task);
      }
      return info;
    }
  }

  /** struct signalfd_siginfo. */
  private static Struct layout(Task task, SigInfo info) {
    Struct s = task.abi().struct(SIZE);
    s.put32(0, info.signal()).put32(8, info.code());
    if (info.code() == SigInfo.SI_TIMER) {
      s.put32(24, info.pid()).put32(32, info.uid());
    } else {
      s.put32(12, info.pid()).put32(16, info.uid());
    }
    if (info.signal() == Signals.SIGCHLD && info.code() > 0) {
      s.put32(40, (int) info.value()).put64(56, info.address()).put64(64, info.extra());
    } else if (info.signal() == Signals.SIGIO && info.code() > 0) {
      s.put32(28, (int) info.value()).put32(20, (int) info.extra());
    } else {
      s.put32(44, (int) info.value()).put64(48, info.value()).put64(72, info.address());
    }
    return s;
  }

  @Override
  public int poll() {
    synchronized (process.machine().lock()) {
      long pending = maker.signals().pending().set() | process.pending().set();
      return (pending & mask) != 0 ? POLLIN : 0;
    }
  }

  @Override
  protected FileState ownState(Task task) {
    return new FileState.SignalSet(mask, flags());
  }

  @Override
  public String info(Task task) {
    return "sigmask:\t%016x\n".formatted(mask);
  }
}
