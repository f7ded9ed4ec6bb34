package dev.vestibule.kernel.tty;

import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Machine;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.file.IoVector;
import dev.vestibule.kernel.file.OpenFile;
import dev.vestibule.kernel.signal.Delivery;
import dev.vestibule.kernel.signal.SigInfo;
import dev.vestibule.kernel.signal.Signals;
import dev.vestibule.kernel.wait.Blocking;
import dev.vestibule.kernel.wait.Wait;
import dev.vestibule.kernel.wait.WaitQueue;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;

/**
 * What does a terminal do with what is typed and printed, and whom does it belong to? The line
 * discipline of termios(3) and the job control of credentials(7) and tty_ioctl(4).
 */
public abstract class Terminal {
  private static final long TENTH = 100_000_000;

  private final Machine machine;
  private final WaitQueue waiters = new WaitQueue();
  private final InputQueue input = new InputQueue();
  private Termios termios = Termios.initial();
  private int rows;
  private int columns;
  private int session;
  private int foreground;
  private boolean literalNext;
  private boolean outputStopped;
  private boolean hungUp;

  protected Terminal(Machine machine) {
    this.machine = machine;
  }

  /** Prints bytes that need no more processing; returns how many there was room for. */
  protected abstract int print(byte[] bytes, int length);

  /** Whether printing would find room. */
  protected abstract boolean canPrint();

  /** Its name in the guest's tree. */
  public abstract String path();

  /** Its device number. */
  public abstract long deviceNumber();

  /** The settings have changed. */
  protected void applied(Termios now) {}

  /** Drops what was printed and not yet shown. */
  protected void discardOutput() {}

  public final Machine machine() {
    return machine;
  }

  public final WaitQueue waiters() {
    return waiters;
  }

  public final synchronized Termios termios() {
    return termios;
  }

  /** TCSETS. */
  public final void setTermios(Termios now, boolean flush) {
    synchronized (this) {
      boolean leavesLines = termios.hasLocal(Termios.ICANON) && !now.hasLocal(Termios.ICANON);
      termios = now;
      if (flush) {
        input.clear();
      }
      if (!now.hasInput(Termios.IXON)) {
        outputStopped = false;
      }
      literalNext &= !leavesLines;
    }
    applied(now);
    waiters.wake();
  }

  // ---- size

  public final synchronized int rows() {
    return rows;
  }

  public final synchronized int columns() {
    return columns;
  }

  /** TIOCSWINSZ: tells the foreground group. */
  public final void setSize(int newRows, int newColumns) {
    int group;
    synchronized (this) {
      if (newRows == rows && newColumns == columns) {
        return;
      }
      rows = newRows;
      columns = newColumns;
      group = foreground;
    }
    signalGroup(group, Signals.SIGWINCH);
  }

  // ---- job control

  public final synchronized int session() {
    return session;
  }

  public final synchronized int foreground() {
    return foreground;
  }

  public final synchronized void setForeground(int group) {
    foreground = group;
  }

  /** Makes it the controlling terminal of a session, or of none. */
  public final synchronized void control(int newSession, int group) {
    session = newSession;
    foreground = group;
  }

  final void signalGroup(int group, int signal) {
    if (group <= 0) {
      return;
    }
    for (Process process : machine.processes()) {
      if (process.groupId() == group) {
        Delivery.send(process, SigInfo.kernel(signal));
      }
    }
  }

  /**
   * Whether a task may use the terminal now; stops its group if it is in the background.
   *
   * @param signal SIGTTIN or SIGTTOU
   * @return 0 if it may, else the call's result
   */
  public final long checkBackground(Task task, int signal) {
    Process process = task.process();
    synchronized (this) {
      if (session == 0
          || process.sessionId() != session
          || foreground == 0
          || process.groupId() == foreground) {
        return 0;
      }
    }
    boolean unheard;
    synchronized (machine.lock()) {
      unheard =
          process.actions().ignores(signal) || Signals.contains(task.signals().blocked(), signal);
    }
    if (unheard) {
      return signal == Signals.SIGTTIN ? -Errno.EIO : 0;
    }
    if (process.orphanedGroup()) {
      return -Errno.EIO;
    }
    signalGroup(process.groupId(), signal);
    return -Errno.ERESTARTSYS;
  }

  /** The other side is gone: readers see the end, the session hears SIGHUP. */
  public final void hangUp() {
    int group;
    int leader;
    synchronized (this) {
      if (hungUp) {
        return;
      }
      hungUp = true;
      group = foreground;
      leader = session;
      session = 0;
      foreground = 0;
    }
    Process process = leader == 0 ? null : machine.process(leader);
    if (process != null) {
      Delivery.send(process, SigInfo.kernel(Signals.SIGHUP));
      Delivery.send(process, SigInfo.kernel(Signals.SIGCONT));
    }
    signalGroup(group, Signals.SIGHUP);
    signalGroup(group, Signals.SIGCONT);
    waiters.wake();
  }

  final synchronized boolean isHungUp() {
    return hungUp;
  }

  // ---- freezing

  /** The state, with what only a pseudo-terminal has. */
  final synchronized TtyState state(
      int number, boolean locked, boolean packets, boolean opened, byte[] printed) {
    return new TtyState(
        number,
        locked,
        packets,
        opened,
        termios,
        rows,
        columns,
        session,
        foreground,
        literalNext,
        outputStopped,
        input.lines(),
        input.edited(),
        printed);
  }

  /** Makes a new terminal what another one was. */
  final synchronized void restore(TtyState state) {
    termios = state.termios();
    rows = state.rows();
    columns = state.columns();
    session = state.session();
    foreground = state.foreground();
    literalNext = state.literalNext();
    outputStopped = state.stopped();
    input.restore(state.lines(), state.edited());
  }

  // ---- typing

  /** Takes bytes that were typed. */
  public final void type(byte[] bytes, int length) {
    for (int i = 0; i < length; i++) {
      int signal = typed(bytes[i] & 0xff);
      if (signal != 0) {
        signalGroup(foreground(), signal);
      }
    }
    waiters.wake();
  }

  /** Whether more can be typed now. */
  public final synchronized boolean takesInput() {
    return input.size() < 4000 || termios.hasLocal(Termios.ICANON) && !input.hasLine();
  }

  /** Takes one byte; returns the signal it stands for, or 0. */
  private synchronized int typed(int raw) {
    Termios t = termios;
    int c = t.hasInput(Termios.ISTRIP) ? raw & 0x7f : raw;
    if (literalNext) {
      literalNext = false;
      keep(t, c);
      return 0;
    }
    if (t.hasInput(Termios.IXON) && flowControl(t, c)) {
      return 0;
    }
    if (t.hasLocal(Termios.ISIG)) {
      int signal = signalOf(t, c);
      if (signal != 0) {
        if (!t.hasLocal(Termios.NOFLSH)) {
          input.clear();
          discardOutput();
        }
        echo(t, c);
        outputStopped = false;
        return signal;
      }
    }
    if (c == '\r') {
      if (t.hasInput(Termios.IGNCR)) {
        return 0;
      }
      c = t.hasInput(Termios.ICRNL) ? '\n' : c;
    } else if (c == '\n' && t.hasInput(Termios.INLCR)) {
      c = '\r';
    }
    if (t.hasLocal(Termios.ICANON) && edit(t, c)) {
      return 0;
    }
    if (c == '\n' && raw == '\r') { // a translated one is shown as it is, a typed one as ^J
      if (input.add(c) && t.hasLocal(Termios.ECHO)) {
        process(t, c);
      }
    } else {
      keep(t, c);
    }
    return 0;
  }

  private static int signalOf(Termios t, int c) {
    if (t.is(c, Termios.VINTR)) {
      return Signals.SIGINT;
    }
    if (t.is(c, Termios.VQUIT)) {
      return Signals.SIGQUIT;
    }
    return t.is(c, Termios.VSUSP) ? Signals.SIGTSTP : 0;
  }

  private boolean flowControl(Termios t, int c) {
    if (t.is(c, Termios.VSTART)) {
      outputStopped = false;
      return true;
    }
    if (t.is(c, Termios.VSTOP)) {
      outputStopped = true;
      return true;
    }
    if (outputStopped && t.hasInput(Termios.IXANY)) {
      outputStopped = false;
    }
    return false;
  }

  private void keep(Termios t, int c) {
    if (input.add(c)) {
      echo(t, c);
    } else {
      printNow(new byte[] {7});
    }
  }

  /** What characters do in canonical mode; false if it is an ordinary one. */
  private boolean edit(Termios t, int c) {
    boolean extended = t.hasLocal(Termios.IEXTEN);
    if (t.is(c, Termios.VERASE)) {
      eraseOne(t);
    } else if (extended && t.is(c, Termios.VWERASE)) {
      eraseWord(t);
    } else if (t.is(c, Termios.VKILL)) {
      eraseLine(t, c);
    } else if (extended && t.is(c, Termios.VLNEXT)) {
      literalNext = true;
      if (t.hasLocal(Termios.ECHO) && t.hasLocal(Termios.ECHOCTL)) {
        printNow(new byte[] {'^', '\b'});
      }
    } else if (extended && t.is(c, Termios.VREPRINT)) {
      echo(t, c);
      printNow(new byte[] {'\r', '\n'});
      printNow(input.edited());
    } else if (t.is(c, Termios.VEOF)) {
      input.endLine();
    } else if (c == '\n' || t.is(c, Termios.VEOL) || extended && t.is(c, Termios.VEOL2)) {
      if (c == '\n') {
        boolean shows = t.hasLocal(Termios.ECHO) || t.hasLocal(Termios.ECHONL);
        if (input.add(c) && shows) {
          process(t, '\n');
        }
      } else {
        keep(t, c);
      }
      input.endLine();
    } else {
      return false;
    }
    return true;
  }

  private int lastCharacter() {
    byte[] line = input.edited();
    int count = 1;
    boolean utf8 = (termios.input() & 0x4000) != 0;
    while (utf8 && count < line.length && (line[line.length - count] & 0xc0) == 0x80) {
      count++;
    }
    return line.length == 0 ? 0 : count;
  }

  private void eraseOne(Termios t) {
    int count = lastCharacter();
    if (count == 0) {
      return;
    }
    byte[] line = input.edited();
    int last = line[line.length - 1] & 0xff;
    input.erase(count);
    if (t.hasLocal(Termios.ECHO) && t.hasLocal(Termios.ECHOE)) {
      boolean control = (last < 32 || last == 127) && last != '\t';
      int width = !control ? 1 : t.hasLocal(Termios.ECHOCTL) ? 2 : 0;
      for (int i = 0; i < width; i++) {
        printNow(new byte[] {'\b', ' ', '\b'});
      }
    } else {
      echo(t, t.character(Termios.VERASE));
    }
  }

  private void eraseWord(Termios t) {
    boolean seen = false;
    while (lastCharacter() > 0) {
      byte[] line = input.edited();
      int last = line[line.length - 1] & 0xff;
      boolean part = Character.isLetterOrDigit(last) || last == '_' || last >= 0x80;
      if (!part && seen) {
        return;
      }
      seen |= part;
      eraseOne(t);
    }
  }

  private void eraseLine(Termios t, int c) {
    if (t.hasLocal(Termios.ECHOE) && t.hasLocal(Termios.ECHOKE)) {
      while (lastCharacter() > 0) {
        eraseOne(t);
      }
      return;
    }
    input.erase(input.edited().length);
    echo(t, c);
    if (t.hasLocal(Termios.ECHO) && t.hasLocal(Termios.ECHOK)) {
      process(t, '\n');
    }
  }

  private void echo(Termios t, int c) {
    if (!t.hasLocal(Termios.ECHO)) {
      return;
    }
    boolean control = (c < 32 || c == 127) && c != '\t';
    if (control && t.hasLocal(Termios.ECHOCTL)) {
      printNow(new byte[] {'^', (byte) (c ^ 0x40)});
    } else {
      process(t, c);
    }
  }

  private void process(Termios t, int c) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    process(t, c, out);
    printNow(out.toByteArray());
  }

  private void printNow(byte[] bytes) {
    print(bytes, bytes.length);
  }

  // ---- reading

  /** read(2) of a task whose file is this terminal. */
  public final long read(Task task, IoVector to, boolean nonBlocking) {
    long allowed = checkBackground(task, Signals.SIGTTIN);
    if (allowed != 0) {
      return allowed;
    }
    if (to.total() == 0) {
      return 0;
    }
    Termios t = termios();
    int most = to.total();
    if (t.hasLocal(Termios.ICANON)) {
      return Blocking.repeat(task, waiters, nonBlocking, () -> takeLine(to, most));
    }
    int min = t.character(Termios.VMIN);
    long time = t.character(Termios.VTIME) * TENTH;
    int wanted = Math.min(Math.max(1, min), most);
    if (min > 0 && time == 0 || nonBlocking) {
      int needed = nonBlocking ? 1 : wanted;
      return Blocking.repeat(task, waiters, nonBlocking, () -> take(to, needed));
    }
    return readTimed(task, to, min, wanted, time);
  }

  private long readTimed(Task task, IoVector to, int min, int wanted, long time) {
    if (min > 0) {
      long first = Blocking.repeat(task, waiters, false, () -> available() > 0 ? 1 : ended());
      if (first <= 0) {
        return first;
      }
    }
    int before = available();
    while (true) {
      int seen = before;
      long deadline = machine.time().monotonic() + time;
      long result =
          Blocking.repeat(
              task,
              waiters,
              time == 0,
              deadline,
              () -> available() >= wanted ? 1 : available() > seen ? 2 : ended());
      if (result == -Errno.EAGAIN || result == 1) {
        long taken = take(to, 1);
        return taken == -Errno.EAGAIN ? 0 : taken;
      }
      if (result <= 0) {
        return result;
      }
      before = available();
    }
  }

  private synchronized long ended() {
    return hungUp ? 0 : -Errno.EAGAIN;
  }

  private synchronized int available() {
    return input.size();
  }

  /** Takes a line, or bytes as they are if the mode has changed meanwhile. */
  private long takeLine(IoVector to, int most) {
    return take(to, most, 1);
  }

  private long take(IoVector to, int needed) {
    return take(to, to.total(), needed);
  }

  private long take(IoVector to, int most, int needed) {
    byte[] bytes;
    synchronized (this) {
      boolean lines = termios.hasLocal(Termios.ICANON);
      boolean enough =
          lines ? input.hasLine() : input.size() >= needed || hungUp && input.size() > 0;
      if (!enough) {
        return ended();
      }
      bytes = lines ? input.takeLine(most) : input.take(most);
    }
    inputTaken(); // may ask the host for more, so under no lock
    return to.put(0, bytes, 0, bytes.length);
  }

  /** Room has become free for what is typed. */
  protected void inputTaken() {}

  /** Bytes a read would find: FIONREAD. */
  public final synchronized int readable() {
    return input.size();
  }

  /** TCFLSH. */
  public final void flush(boolean in, boolean out) {
    synchronized (this) {
      if (in) {
        input.clear();
      }
      if (out) {
        discardOutput();
      }
    }
    waiters.wake();
  }

  /** TCXONC: stops or continues output. */
  public final void setOutputStopped(boolean stopped) {
    synchronized (this) {
      outputStopped = stopped;
    }
    waiters.wake();
  }

  // ---- printing

  /** write(2) of a task whose file is this terminal. */
  public final long write(Task task, IoVector from, boolean nonBlocking) {
    if (termios().hasLocal(Termios.TOSTOP)) {
      long allowed = checkBackground(task, Signals.SIGTTOU);
      if (allowed != 0) {
        return allowed;
      }
    }
    byte[] bytes = new byte[Math.min(from.total(), 1 << 16)];
    from.get(0, bytes, 0, bytes.length);
    int done = 0;
    try (Wait wait = Wait.on(task, waiters)) {
      while (done < bytes.length) {
        if (isHungUp()) {
          return done > 0 ? done : -Errno.EIO;
        }
        int printed = printSome(bytes, done);
        if (printed > 0) {
          done += printed;
          continue;
        }
        if (nonBlocking) {
          return done > 0 ? done : -Errno.EAGAIN;
        }
        if (wait.sleep() == Wait.Outcome.INTERRUPTED) {
          return done > 0 ? done : -Errno.ERESTARTSYS;
        }
      }
    }
    return done;
  }

  /** Prints what there is room for; returns bytes of the input used. */
  private int printSome(byte[] bytes, int from) {
    Termios t;
    synchronized (this) {
      if (outputStopped) {
        return 0;
      }
      t = termios;
    }
    int piece = Math.min(1024, bytes.length - from);
    if (!t.hasOutput(Termios.OPOST) || !postProcesses()) {
      byte[] part = Arrays.copyOfRange(bytes, from, from + piece);
      return print(part, piece);
    }
    int used = 0;
    while (used < piece && canPrint()) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      int chunk = Math.min(64, piece - used);
      for (int i = 0; i < chunk; i++) {
        process(t, bytes[from + used + i] & 0xff, out);
      }
      printNow(out.toByteArray());
      used += chunk;
    }
    return used;
  }

  /** Whether output flags take effect here, not further out. */
  protected boolean postProcesses() {
    return true;
  }

  private void process(Termios t, int c, ByteArrayOutputStream out) {
    if (t.hasOutput(Termios.OPOST) && postProcesses()) {
      if (c == '\n' && t.hasOutput(Termios.ONLCR)) {
        out.write('\r');
      } else if (c == '\r' && t.hasOutput(Termios.OCRNL)) {
        out.write('\n');
        return;
      }
    }
    out.write(c);
  }

  /** Which of poll(2)'s events hold for a user of the terminal. */
  public final int poll() {
    int events = canPrint() ? OpenFile.POLLOUT : 0;
    synchronized (this) {
      boolean lines = termios.hasLocal(Termios.ICANON);
      int min = termios.character(Termios.VMIN);
      int needed = termios.character(Termios.VTIME) == 0 && min > 0 ? min : 1;
      if (lines ? input.hasLine() : input.size() >= needed) {
        events |= OpenFile.POLLIN;
      }
      if (hungUp) {
        events |= OpenFile.POLLHUP | OpenFile.POLLIN | OpenFile.POLLERR;
      }
      return outputStopped ? events & ~OpenFile.POLLOUT : events;
    }
  }
}
