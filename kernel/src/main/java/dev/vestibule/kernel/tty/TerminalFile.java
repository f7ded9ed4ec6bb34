package dev.vestibule.kernel.tty;

import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.file.FileState;
import dev.vestibule.kernel.file.FileStatus;
import dev.vestibule.kernel.file.IoVector;
import dev.vestibule.kernel.file.Ioctls;
import dev.vestibule.kernel.file.OpenFile;
import dev.vestibule.kernel.signal.Signals;
import dev.vestibule.kernel.wait.WaitQueue;

/** An open terminal: what its programs, not its user, have. */
public final class TerminalFile extends OpenFile {
  private final Terminal terminal;
  private final String path;
  private final Runnable whenClosed;

  /**
   * @param path the name it was opened by
   * @param whenClosed told when this file is closed
   */
  public TerminalFile(Terminal terminal, int flags, String path, Runnable whenClosed) {
    super(flags);
    this.terminal = terminal;
    this.path = path;
    this.whenClosed = whenClosed;
  }

  public Terminal terminal() {
    return terminal;
  }

  @Override
  public WaitQueue waiters() {
    return terminal.waiters();
  }

  @Override
  public long read(Task task, IoVector to, long offset) {
    return terminal.read(task, to, nonBlocking());
  }

  @Override
  public long write(Task task, IoVector from, long offset) {
    return terminal.write(task, from, nonBlocking());
  }

  @Override
  public int poll() {
    return terminal.poll();
  }

  @Override
  public long ioctl(Task task, int request, long argument) {
    return control(task, terminal, request, argument);
  }

  /** An ioctl on a terminal, also by way of a pseudo-terminal's other end. */
  static long control(Task task, Terminal tty, int request, long argument) {
    return switch (request) {
      case Ioctls.TCGETS -> {
        task.abi().storeTermios(task.memory(), argument, tty.termios());
        yield 0;
      }
      case Ioctls.TCSETS, Ioctls.TCSETSW, Ioctls.TCSETSF -> {
        Termios wanted = task.abi().loadTermios(task.memory(), argument);
        long allowed = tty.checkBackground(task, Signals.SIGTTOU);
        if (allowed == 0) {
          tty.setTermios(wanted, request == Ioctls.TCSETSF);
        }
        yield allowed;
      }
      case Ioctls.TIOCGWINSZ -> {
        task.abi()
            .struct(8)
            .put16(0, tty.rows())
            .put16(2, tty.columns())
            .store(task.memory(), argument);
        yield 0;
      }
      case Ioctls.TIOCSWINSZ -> {
        tty.setSize(task.memory().load16(argument), task.memory().load16(argument + 2));
        yield 0;
      }
      case Ioctls.FIONREAD -> {
        task.memory().store32(argument, tty.readable());
        yield 0;
      }
      case Ioctls.TIOCOUTQ, Ioctls.TIOCGETD -> {
        task.memory().store32(argument, 0);
        yield 0;
      }
      case Ioctls.TCFLSH -> {
        int queue = (int) argument;
        if (queue < 0 || queue > 2) {
          yield -Errno.EINVAL;
        }
        tty.flush(queue != 1, queue != 0);
        yield 0;
      }
      case Ioctls.TCXONC -> {
        if (argument == 0 || argument == 1) {
          tty.setOutputStopped(argument == 0);
        }
        yield 0;
      }
      case Ioctls.TCSBRK,
          Ioctls.TCSBRKP,
          Ioctls.TIOCSBRK,
          Ioctls.TIOCCBRK,
          Ioctls.TIOCEXCL,
          Ioctls.TIOCNXCL ->
          0;
      default -> jobControl(task, tty, request, argument);
    };
  }

  private static long jobControl(Task task, Terminal tty, int request, long argument) {
    Process process = task.process();
    switch (request) {
      case Ioctls.TIOCGPGRP:
        if (tty.session() != process.sessionId()) {
          return -Errno.ENOTTY;
        }
        task.memory().store32(argument, tty.foreground());
        return 0;
      case Ioctls.TIOCSPGRP:
        long allowed = tty.checkBackground(task, Signals.SIGTTOU);
        return allowed != 0 ? allowed : setForeground(task, tty, task.memory().load32(argument));
      case Ioctls.TIOCGSID:
        if (tty.session() != process.sessionId()) {
          return -Errno.ENOTTY;
        }
        task.memory().store32(argument, tty.session());
        return 0;
      case Ioctls.TIOCSCTTY:
        return becomeControlling(task, tty);
      case Ioctls.TIOCNOTTY:
        if (tty.session() != process.sessionId()) {
          return -Errno.ENOTTY;
        }
        if (process.pid() == process.sessionId()) {
          int group = tty.foreground();
          tty.control(0, 0);
          tty.signalGroup(group, Signals.SIGHUP);
          tty.signalGroup(group, Signals.SIGCONT);
        }
        return 0;
      case Ioctls.TIOCSTI:
        if (tty.session() != process.sessionId() && !task.credentials().privileged()) {
          return -Errno.EPERM;
        }
        tty.type(new byte[] {(byte) task.memory().load8(argument)}, 1);
        return 0;
      default:
        return -Errno.ENOTTY;
    }
  }

  private static long setForeground(Task task, Terminal tty, int group) {
    Process process = task.process();
    if (tty.session() == 0 || tty.session() != process.sessionId()) {
      return -Errno.ENOTTY;
    }
    if (group < 0) {
      return -Errno.EINVAL;
    }
    boolean exists = false;
    for (Process other : task.machine().processes()) {
      if (other.groupId() == group) {
        if (other.sessionId() != process.sessionId()) {
          return -Errno.EPERM;
        }
        exists = true;
      }
    }
    if (!exists) {
      return -Errno.ESRCH;
    }
    tty.setForeground(group);
    return 0;
  }

  /** TIOCSCTTY, and what opening without O_NOCTTY does. */
  static long becomeControlling(Task task, Terminal tty) {
    Process process = task.process();
    if (tty.session() == process.sessionId()) {
      return 0;
    }
    boolean leader = process.pid() == process.sessionId();
    boolean taken = tty.session() != 0 && task.machine().process(tty.session()) != null;
    if (!leader || taken || task.machine().terminals().controlling(process) != null) {
      return -Errno.EPERM;
    }
    tty.control(process.sessionId(), process.groupId());
    return 0;
  }

  @Override
  public FileStatus status(Task task) {
    FileStatus named = task.machine().fileTree().at(task, terminal.path()).status();
    if (named != null) {
      return named;
    }
    int mode = FileStatus.S_IFCHR | 0620;
    return FileStatus.synthetic(0, 3, mode, task.credentials().uid(), 5, 0)
        .withRawDevice(terminal.deviceNumber());
  }

  @Override
  public long changeMode(int mode) {
    return 0;
  }

  @Override
  public long changeOwner(int uid, int gid) {
    return 0;
  }

  @Override
  public OpenFile reopen(Task task, int flags) {
    return task.machine().terminals().open(task, terminal, flags);
  }

  @Override
  protected FileState ownState(Task task) {
    return terminal instanceof PseudoTerminal pseudo && !terminal.isHungUp()
        ? new FileState.Tty(pseudo, pseudo.state(), false, flags())
        : super.ownState(task);
  }

  @Override
  public String path() {
    return path;
  }

  @Override
  protected long close() {
    whenClosed.run();
    return 0;
  }
}
