package dev.vestibule.kernel.tty;

import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Limits;
import dev.vestibule.kernel.Machine;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.file.FileStatus;
import dev.vestibule.kernel.file.OpenFile;
import dev.vestibule.kernel.file.Synthetic;
import dev.vestibule.kernel.signal.Signals;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Which terminals does a machine have? Its pseudo-terminals, and perhaps the host's terminal. */
public final class Terminals implements AutoCloseable {
  private static final int MOST = 4096;
  private static final int O_NOCTTY = 0400;
  private static final int O_CLOEXEC = 02000000;

  private final Machine machine;
  private final Map<Integer, Terminal> terminals = new TreeMap<>();
  private @Nullable HostTerminal host;

  public Terminals(Machine machine) {
    this.machine = machine;
  }

  // ---- the host's terminal

  /**
   * The terminal of a host descriptor.
   *
   * @param fd stays the caller's
   * @return null if it is no terminal
   */
  public synchronized @Nullable HostTerminal host(int fd) {
    HostTerminal known = host;
    if (known != null) {
      return known.same(fd) ? known : null;
    }
    HostTerminal opened = HostTerminal.open(machine, fd);
    if (opened != null) {
      host = opened;
      terminals.put(0, opened);
    }
    return opened;
  }

  /** Gives the host's terminal to the machine's first process. */
  public synchronized void adopt(Process process) {
    HostTerminal terminal = host;
    if (terminal != null && terminal.session() == 0) {
      terminal.control(process.sessionId(), process.groupId());
      terminal.takeOver();
    }
  }

  @Override
  public synchronized void close() {
    HostTerminal terminal = host;
    if (terminal != null) {
      terminal.giveBack();
    }
  }

  // ---- finding and opening

  /** The controlling terminal of a process, or null. */
  public synchronized @Nullable Terminal controlling(Process process) {
    for (Terminal terminal : terminals.values()) {
      if (terminal.session() != 0 && terminal.session() == process.sessionId()) {
        return terminal;
      }
    }
    return null;
  }

  synchronized void forget(PseudoTerminal terminal) {
    terminals.remove(terminal.number(), terminal);
  }

  /** Opens /dev/ptmx. */
  public synchronized OpenFile openMaster(int flags) {
    for (int number = 0; number < MOST; number++) {
      if (!terminals.containsKey(number)) {
        PseudoTerminal terminal = new PseudoTerminal(machine, number, flags);
        terminals.put(number, terminal);
        return terminal.master();
      }
    }
    throw new Failure(Errno.ENOSPC);
  }

  /**
   * Makes a pseudo-terminal that was saved; the reference to its master is the caller's.
   *
   * @throws Failure EBUSY if another terminal has its number
   */
  public synchronized PseudoTerminal restore(TtyState state) {
    if (terminals.containsKey(state.number())) {
      throw new Failure(Errno.EBUSY);
    }
    PseudoTerminal terminal = new PseudoTerminal(machine, state.number(), OpenFile.O_RDWR);
    terminal.restoreAll(state);
    terminals.put(state.number(), terminal);
    return terminal;
  }

  /** Opens a terminal by its name; it may become the session's. */
  public OpenFile open(Task task, Terminal terminal, int flags) {
    if (terminal.isHungUp() || terminal instanceof PseudoTerminal p && p.isLocked()) {
      throw new Failure(Errno.EIO);
    }
    if ((flags & O_NOCTTY) == 0) {
      TerminalFile.becomeControlling(task, terminal);
    }
    if (terminal instanceof PseudoTerminal p) {
      return p.openSlave(flags);
    }
    return new TerminalFile(terminal, flags, terminal.path(), () -> {});
  }

  /** TIOCGPTPEER. */
  long installSlave(Task task, PseudoTerminal terminal, int flags) {
    OpenFile file = open(task, terminal, flags);
    int most = task.process().limits().count(Limits.RLIMIT_NOFILE);
    int fd = task.files().install(file, 0, most, (flags & O_CLOEXEC) != 0);
    if (fd < 0) {
      file.release();
    }
    return fd;
  }

  /** The session's leader ends: its terminal is free, and who used it hears SIGHUP. */
  public void leaderEnded(Process process) {
    Terminal terminal = controlling(process);
    if (terminal != null) {
      int group = terminal.foreground();
      terminal.control(0, 0);
      terminal.signalGroup(group, Signals.SIGHUP);
      terminal.signalGroup(group, Signals.SIGCONT);
    }
  }

  // ---- names in /dev

  /** Adds tty, console, ptmx and pts to /dev. */
  public void addTo(Synthetic.FixedFolder dev) {
    int mode = FileStatus.S_IFCHR | 0666;
    Synthetic.Special.Opener tty =
        (task, self, path, flags) -> {
          Terminal terminal = controlling(task.process());
          if (terminal == null) {
            throw new Failure(Errno.ENXIO);
          }
          return open(task, terminal, flags | O_NOCTTY);
        };
    dev.with("tty", new Synthetic.Special(mode, 5 << 8, tty));
    Synthetic ptmx =
        new Synthetic.Special(mode, 5 << 8 | 2, (task, self, path, flags) -> openMaster(flags));
    dev.with("ptmx", ptmx);
    dev.with("pts", new Names(ptmx));
  }

  /** /dev/pts. */
  private final class Names extends Synthetic.Folder {
    private final Synthetic ptmx;

    Names(Synthetic ptmx) {
      super(0755);
      this.ptmx = ptmx;
    }

    @Override
    public @Nullable Synthetic child(@Nullable Task task, String name) {
      if (name.equals("ptmx")) {
        return ptmx;
      }
      Terminal terminal;
      synchronized (Terminals.this) {
        terminal = name.length() > 4 ? null : terminals.get(number(name));
      }
      if (terminal == null) {
        return null;
      }
      Terminal found = terminal;
      return new Synthetic.Special(
          FileStatus.S_IFCHR | 0620,
          found.deviceNumber(),
          (t, self, path, flags) -> Terminals.this.open(t, found, flags));
    }

    private static int number(String name) {
      for (int i = 0; i < name.length(); i++) {
        if (name.charAt(i) < '0' || name.charAt(i) > '9') {
          return -1;
        }
      }
      return name.isEmpty() ? -1 : Integer.parseInt(name, 0, name.length(), 10);
    }

    @Override
    public List<String> names(@Nullable Task task) {
      List<String> names = new ArrayList<>(List.of("ptmx"));
      synchronized (Terminals.this) {
        terminals.keySet().forEach(number -> names.add(Integer.toString(number)));
      }
      return names;
    }
  }
}
