package dev.vestibule.kernel.tty;

import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Machine;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.file.FileState;
import dev.vestibule.kernel.file.FileStatus;
import dev.vestibule.kernel.file.IoVector;
import dev.vestibule.kernel.file.Ioctls;
import dev.vestibule.kernel.file.OpenFile;
import dev.vestibule.kernel.wait.Blocking;
import dev.vestibule.kernel.wait.Wait;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;

/** A terminal whose user is a program: pty(7). */
public final class PseudoTerminal extends Terminal {
  private static final int ROOM = 1 << 14;
  private static final int SLAVE_MAJOR = 136;

  private final int number;
  private final Master master;
  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
  private final Object lock = new Object();
  private boolean locked = true;
  private int slaves;
  private boolean everOpened;

  PseudoTerminal(Machine machine, int number, int flags) {
    super(machine);
    this.number = number;
    this.master = new Master(flags);
  }

  public int number() {
    return number;
  }

  /** The end of the user. */
  public OpenFile master() {
    return master;
  }

  @Override
  protected int print(byte[] bytes, int length) {
    int done;
    synchronized (lock) {
      done = Math.min(length, Math.max(0, 2 * ROOM - printed.size()));
      printed.write(bytes, 0, done);
    }
    master.waiters().wake(OpenFile.POLLIN);
    return done;
  }

  @Override
  protected boolean canPrint() {
    synchronized (lock) {
      return printed.size() < ROOM;
    }
  }

  @Override
  protected void discardOutput() {
    synchronized (lock) {
      printed.reset();
    }
  }

  @Override
  protected void inputTaken() {
    master.waiters().wake(OpenFile.POLLOUT);
  }

  @Override
  public String path() {
    return "/dev/pts/" + number;
  }

  @Override
  public long deviceNumber() {
    return SLAVE_MAJOR << 8 | number;
  }

  boolean isLocked() {
    synchronized (lock) {
      return locked;
    }
  }

  TerminalFile openSlave(int flags) {
    synchronized (lock) {
      slaves++;
      everOpened = true;
    }
    return new TerminalFile(this, flags, path(), this::slaveClosed);
  }

  private void slaveClosed() {
    synchronized (lock) {
      slaves--;
    }
    master.waiters().wake();
  }

  // ---- freezing

  TtyState state() {
    synchronized (lock) {
      return state(number, locked, master.packets, everOpened, printed.toByteArray());
    }
  }

  /** How often its programs' end is open. */
  public int slaves() {
    synchronized (lock) {
      return slaves;
    }
  }

  void restoreAll(TtyState state) {
    restore(state);
    synchronized (lock) {
      locked = state.locked();
      master.packets = state.packets();
      everOpened = state.opened();
      printed.writeBytes(state.printed());
    }
  }

  /** Opens its programs' end again, whether or not it is locked. */
  public OpenFile slave(int flags) {
    return openSlave(flags);
  }

  private boolean abandoned() {
    synchronized (lock) {
      return everOpened && slaves == 0;
    }
  }

  /** The end that stands for the user: what it writes was typed, what it reads was printed. */
  private final class Master extends OpenFile {
    private boolean packets;

    Master(int flags) {
      super(flags);
    }

    @Override
    public long read(Task task, IoVector to, long offset) {
      return Blocking.repeat(task, waiters(), nonBlocking(), () -> take(to));
    }

    private long take(IoVector to) {
      int taken;
      synchronized (lock) {
        byte[] all = printed.toByteArray();
        if (all.length == 0) {
          return abandoned() ? -Errno.EIO : -Errno.EAGAIN;
        }
        int header = packets ? 1 : 0;
        if (packets) {
          to.put(0, new byte[1], 0, 1);
        }
        int length = to.put(header, all, 0, Math.min(all.length, to.total() - header));
        printed.reset();
        printed.write(all, length, all.length - length);
        taken = length + header;
      }
      PseudoTerminal.this.waiters().wake(POLLOUT);
      return taken;
    }

    @Override
    public long write(Task task, IoVector from, long offset) {
      byte[] bytes = new byte[Math.min(from.total(), 1 << 16)];
      from.get(0, bytes, 0, bytes.length);
      int done = 0;
      try (Wait wait = Wait.on(task, waiters())) {
        while (done < bytes.length) {
          if (takesInput()) {
            int piece = Math.min(64, bytes.length - done);
            type(Arrays.copyOfRange(bytes, done, done + piece), piece);
            done += piece;
            continue;
          }
          if (nonBlocking()) {
            return done > 0 ? done : -Errno.EAGAIN;
          }
          if (wait.sleep() == Wait.Outcome.INTERRUPTED) {
            return done > 0 ? done : -Errno.ERESTARTSYS;
          }
        }
      }
      return done;
    }

    @Override
    public int poll() {
      synchronized (lock) {
        int events = printed.size() > 0 ? POLLIN : 0;
        events |= abandoned() ? POLLHUP : 0;
        return events | (takesInput() ? POLLOUT : 0);
      }
    }

    @Override
    public long ioctl(Task task, int request, long argument) {
      switch (request) {
        case Ioctls.TIOCGPTN:
          task.memory().store32(argument, number);
          return 0;
        case Ioctls.TIOCSPTLCK:
          boolean lockIt = task.memory().load32(argument) != 0;
          synchronized (lock) {
            locked = lockIt;
          }
          return 0;
        case Ioctls.TIOCGPTLCK:
          task.memory().store32(argument, isLocked() ? 1 : 0);
          return 0;
        case Ioctls.TIOCGPTPEER:
          return machine()
              .terminals()
              .installSlave(task, PseudoTerminal.this, task.abi().openFlags((int) argument));
        case Ioctls.TIOCPKT:
          packets = task.memory().load32(argument) != 0;
          return 0;
        case Ioctls.FIONREAD:
          synchronized (lock) {
            task.memory().store32(argument, printed.size());
          }
          return 0;
        case Ioctls.TIOCGPGRP:
          task.memory().store32(argument, foreground());
          return 0;
        case Ioctls.TIOCGSID:
          task.memory().store32(argument, session());
          return 0;
        default:
          return TerminalFile.control(task, PseudoTerminal.this, request, argument);
      }
    }

    @Override
    protected FileState ownState(Task task) {
      return new FileState.Tty(PseudoTerminal.this, PseudoTerminal.this.state(), true, flags());
    }

    @Override
    public FileStatus status(Task task) {
      long ptmx = 5 << 8 | 2;
      int mode = FileStatus.S_IFCHR | 0666;
      return FileStatus.synthetic(24, 2, mode, 0, 5, 0).withRawDevice(ptmx);
    }

    @Override
    public String path() {
      return "/dev/ptmx";
    }

    @Override
    protected long close() {
      machine().terminals().forget(PseudoTerminal.this);
      hangUp();
      return 0;
    }
  }
}
