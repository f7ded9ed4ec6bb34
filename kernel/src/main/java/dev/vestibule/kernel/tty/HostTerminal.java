package dev.vestibule.kernel.tty;

import dev.vestibule.host.AtExit;
import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;
import dev.vestibule.kernel.Machine;
import dev.vestibule.kernel.file.HostStream;
import dev.vestibule.kernel.file.OpenFile;
import dev.vestibule.kernel.poll.HostPoller;
import dev.vestibule.kernel.wait.WaitQueue;
import org.jspecify.annotations.Nullable;

/**
 * The terminal the JVM was started on. While a guest has it, the host hands over every key as it is
 * typed, and the machine's own line discipline makes lines and signals of them; output is left to
 * the host's, with the guest's output flags.
 */
public final class HostTerminal extends Terminal {
  private static final int TCGETS = 0x5401;
  private static final int TCSETSW = 0x5403;
  private static final int TIOCGPGRP = 0x540f;
  private static final int TIOCGWINSZ = 0x5413;
  private static final int HOST_TERMIOS = 36;
  private static final int F_DUPFD_CLOEXEC = 1030;
  private static final int BUFFER = 1024;
  private static final long FIRST_NUMBER = 136 << 8;

  private final int fd;
  private final long rawDevice;
  private final long saved;
  private final long buffer = HostMemory.allocate(BUFFER);
  private final long scratch = HostMemory.allocate(64);
  private final Object typing = new Object();
  private final WaitQueue hostEvents = new WaitQueue();
  private final Runnable sizeCheck = this::checkSize;
  private boolean taken;

  private HostTerminal(Machine machine, int fd, long saved, long rawDevice) {
    super(machine);
    this.fd = fd;
    this.saved = saved;
    this.rawDevice = rawDevice;
    setTermios(hostSettings(), false);
    checkSize();
  }

  static @Nullable HostTerminal open(Machine machine, int fd) {
    long settings = HostMemory.allocate(64);
    if (Libc.syscall(HostCalls.IOCTL, fd, TCGETS, settings) < 0) {
      HostMemory.free(settings);
      return null;
    }
    long own = Libc.syscall(HostCalls.FCNTL, fd, F_DUPFD_CLOEXEC, 3);
    return new HostTerminal(machine, (int) own, settings, device(fd));
  }

  private static long device(int fd) {
    return HostStream.rawDevice(fd);
  }

  boolean same(int other) {
    return device(other) == rawDevice;
  }

  private Termios hostSettings() {
    byte[] characters = new byte[Termios.NCCS];
    HostMemory.copyOut(saved + 17, characters, 0, characters.length);
    return new Termios(
        HostMemory.i32le(saved),
        HostMemory.i32le(saved + 4),
        HostMemory.i32le(saved + 8),
        HostMemory.i32le(saved + 12),
        HostMemory.u8(saved + 16),
        characters);
  }

  // ---- taking over and giving back

  private boolean inHostForeground() {
    long result = Libc.syscall(HostCalls.IOCTL, fd, TIOCGPGRP, scratch);
    return result >= 0 && HostMemory.i32le(scratch) == (int) Libc.syscall(HostCalls.GETPGID, 0);
  }

  /** Begins to take what is typed; only if the JVM is in the terminal's foreground. */
  synchronized void takeOver() {
    if (taken || !inHostForeground()) {
      return;
    }
    taken = true;
    set(termios());
    AtExit.add(this::giveBack);
    HostPoller.watch(fd, hostEvents);
    hostEvents.add(events -> pump());
    HostPoller.everyQuarterSecond(sizeCheck);
    pump();
  }

  /** Puts the host's terminal back as it was. */
  synchronized void giveBack() {
    if (taken) {
      taken = false;
      HostPoller.forget(fd);
      HostPoller.stop(sizeCheck);
      Libc.syscall(HostCalls.IOCTL, fd, TCSETSW, saved);
    }
  }

  private void set(Termios guest) {
    long at = HostMemory.allocate(64);
    HostMemory.copy(saved, at, HOST_TERMIOS);
    int loud = 0x2 | 0x10 | 0x20 | 0x40 | 0x80 | 0x100 | Termios.IXON | Termios.IXANY;
    int local = Termios.ISIG | Termios.ICANON | Termios.ECHO | Termios.ECHONL | Termios.IEXTEN;
    HostMemory.put32le(at, HostMemory.i32le(saved) & ~loud);
    HostMemory.put32le(at + 4, guest.output());
    HostMemory.put32le(at + 12, HostMemory.i32le(saved + 12) & ~local);
    HostMemory.put8(at + 17 + Termios.VMIN, 1);
    HostMemory.put8(at + 17 + Termios.VTIME, 0);
    Libc.syscall(HostCalls.IOCTL, fd, TCSETSW, at);
    HostMemory.free(at);
  }

  @Override
  protected void applied(Termios now) {
    if (taken) {
      set(now);
    }
  }

  private void checkSize() {
    long at = HostMemory.allocate(16);
    if (Libc.syscall(HostCalls.IOCTL, fd, TIOCGWINSZ, at) >= 0) {
      setSize(HostMemory.s16le(at) & 0xffff, HostMemory.s16le(at + 2) & 0xffff);
    }
    HostMemory.free(at);
  }

  // ---- typing and printing

  /** Takes what the host has, as long as there is room for it. */
  private void pump() {
    synchronized (typing) {
      while (taken && takesInput() && HostPoller.poll(fd, OpenFile.POLLIN) != 0) {
        long length = Libc.syscall(HostCalls.READ, fd, buffer, BUFFER);
        if (length <= 0) {
          if (length == 0) {
            hangUp();
          }
          return;
        }
        byte[] bytes = new byte[(int) length];
        HostMemory.copyOut(buffer, bytes, 0, bytes.length);
        type(bytes, bytes.length);
      }
    }
  }

  @Override
  protected void inputTaken() {
    pump();
  }

  @Override
  protected int print(byte[] bytes, int length) {
    long at = HostMemory.allocate(Math.max(16, length));
    try {
      HostMemory.copyIn(bytes, 0, at, length);
      return (int) Math.max(0, Libc.syscall(HostCalls.WRITE, fd, at, length));
    } finally {
      HostMemory.free(at);
    }
  }

  @Override
  protected boolean canPrint() {
    return true;
  }

  @Override
  protected boolean postProcesses() {
    return false;
  }

  @Override
  public String path() {
    return "/dev/pts/0";
  }

  @Override
  public long deviceNumber() {
    return FIRST_NUMBER;
  }
}
