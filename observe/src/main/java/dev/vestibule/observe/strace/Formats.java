package dev.vestibule.observe.strace;

import dev.vestibule.kernel.ArgKind;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.abi.GuestAbi;
import dev.vestibule.kernel.abi.GuestText;
import dev.vestibule.kernel.file.OpenFile;
import dev.vestibule.kernel.signal.Signals;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;

/** How is an argument of each kind shown? One entry for each kind; calls have none of their own. */
final class Formats {
  static final ArgFormat INT = (call, i) -> call.text().append((int) call.argument(i));
  static final ArgFormat UINT =
      (call, i) -> call.text().append(Integer.toUnsignedString((int) call.argument(i)));
  static final ArgFormat LONG = (call, i) -> call.text().append(call.argument(i));
  static final ArgFormat ULONG =
      (call, i) -> call.text().append(Long.toUnsignedString(call.argument(i)));
  static final ArgFormat PTR = (call, i) -> call.address(call.argument(i));
  static final ArgFormat HEX = (call, i) -> hex(call.text(), call.argument(i));
  static final ArgFormat FD = (call, i) -> fd(call, (int) call.argument(i));
  static final ArgFormat SIGNAL = (call, i) -> call.text().append(signal(call.argument(i)));
  static final ArgFormat STRING = (call, i) -> Quoted.cString(call, call.argument(i));
  static final ArgFormat MODE = (call, i) -> mode(call.text(), (int) call.argument(i));
  static final ArgFormat OPEN_FLAGS =
      new ArgFormat() {
        @Override
        public void append(Call call, int index) {
          boolean moreThanCloexec = !call.name().equals("dup3");
          int flags = call.abi().openFlags((int) call.argument(index));
          if (moreThanCloexec) {
            openFlags(call.text(), flags);
          } else {
            Tables.OPEN_FLAGS.flags(call.text(), flags);
          }
        }

        @Override
        public void prepare(Call call, int index) {
          int createOrTemporary = 020000100;
          if (call.kind(index + 1) == ArgKind.MODE
              && (call.abi().openFlags((int) call.argument(index)) & createOrTemporary) == 0) {
            call.reformat(index + 1, ArgFormat.HIDDEN);
          }
        }
      };

  private static final ArgFormat MMAP_FLAGS =
      new ArgFormat() {
        @Override
        public void append(Call call, int index) {
          int flags = call.abi().mmapFlags((int) call.argument(index));
          int type = flags & 0xf;
          Tables.MMAP_TYPE.value(call.text(), type);
          if (flags != type) {
            call.text().append('|');
            Tables.MMAP_FLAGS.flags(call.text(), (flags & ~0xf) & 0xffff_ffffL);
          }
        }

        @Override
        public void prepare(Call call, int index) {
          int unit = call.name().equals("mmap2") ? 12 : 0;
          call.reformat(index + 2, (c, i) -> hex(c.text(), c.argument(i) << unit));
        }
      };

  private static final ArgFormat MREMAP_FLAGS =
      new ArgFormat() {
        @Override
        public void append(Call call, int index) {
          Tables.MREMAP_FLAGS.flags(call.text(), call.argument(index) & 0xffff_ffffL);
        }

        @Override
        public void prepare(Call call, int index) {
          int fixedOrDontUnmap = 6;
          if ((call.argument(index) & fixedOrDontUnmap) == 0) {
            call.cutFrom(index + 1);
          }
        }
      };

  private static final ArgFormat TIMER_FLAGS =
      (call, i) -> {
        Names names =
            call.name().startsWith("timerfd") ? Tables.TIMERFD_SETTIME : Tables.TIMER_FLAGS;
        names.flags(call.text(), call.argument(i) & 0xffff_ffffL);
      };

  private static final ArgFormat RUSAGE_WHO =
      (call, i) -> {
        int who = (int) call.argument(i);
        String[] names = {"RUSAGE_CHILDREN", "RUSAGE_SELF", "RUSAGE_THREAD"};
        boolean known = who >= -1 && who <= 1;
        call.text().append(known ? names[who + 1] : "0x%x /* RUSAGE_??? */".formatted(who));
      };

  private static final ArgFormat HIGH_HALF =
      new ArgFormat() {
        @Override
        public void append(Call call, int index) {
          long low = call.argument(index + 1) & 0xffff_ffffL;
          call.text().append(call.argument(index) << 32 | low);
        }

        @Override
        public void prepare(Call call, int index) {
          call.reformat(index + 1, ArgFormat.HIDDEN);
        }
      };

  private static final int AT_FDCWD = -100;
  private static final Map<ArgKind, ArgFormat> ALL = new EnumMap<>(ArgKind.class);

  static {
    numbers();
    flags();
    buffers();
    StructFormats.register(ALL);
    SignalFormats.register(ALL);
    ControlFormats.register(ALL);
    EventFormats.register(ALL);
    SocketFormats.register(ALL);
  }

  private Formats() {}

  static ArgFormat of(ArgKind kind) {
    return Objects.requireNonNullElse(ALL.get(kind), HEX);
  }

  private static void numbers() {
    ALL.put(ArgKind.INT, INT);
    ALL.put(ArgKind.UINT, UINT);
    ALL.put(ArgKind.PID, INT);
    ALL.put(ArgKind.UID, INT);
    ALL.put(ArgKind.GID, INT);
    ALL.put(ArgKind.FLAGS, (call, i) -> hex(call.text(), call.argument(i) & 0xffff_ffffL));
    ALL.put(ArgKind.LONG, LONG);
    ALL.put(ArgKind.LOFF, LONG);
    ALL.put(ArgKind.ULONG, ULONG);
    ALL.put(ArgKind.SIZE, ULONG);
    ALL.put(ArgKind.PTR, PTR);
    ALL.put(ArgKind.OUT, ArgFormat.out(PTR));
    ALL.put(ArgKind.FD, FD);
    ALL.put(ArgKind.DIRFD, (call, i) -> directory(call, (int) call.argument(i)));
    ALL.put(ArgKind.PATH, STRING);
    ALL.put(ArgKind.STRING, STRING);
    ALL.put(ArgKind.STRINGS, Formats::strings);
    ALL.put(ArgKind.MODE, MODE);
    ALL.put(ArgKind.SIGNAL, SIGNAL);
    ALL.put(ArgKind.DEV, (call, i) -> device(call.text(), call.argument(i) & 0xffff_ffffL));
    ALL.put(ArgKind.FUTEX, PTR);
    ALL.put(ArgKind.HIGH_HALF, HIGH_HALF);
    ALL.put(ArgKind.OUT_LOFF, ArgFormat.out(Formats::longInMemory));
  }

  private static void flags() {
    ALL.put(ArgKind.OPEN_FLAGS, OPEN_FLAGS);
    ALL.put(ArgKind.AT_FLAGS, Formats::atFlags);
    ALL.put(ArgKind.ACCESS_MODE, Tables.ACCESS_MODE.bits());
    ALL.put(ArgKind.WHENCE, Tables.WHENCE.oneOf());
    ALL.put(ArgKind.PROT, Tables.PROT.bits());
    ALL.put(ArgKind.MMAP_FLAGS, MMAP_FLAGS);
    ALL.put(ArgKind.MREMAP_FLAGS, MREMAP_FLAGS);
    ALL.put(ArgKind.MSYNC_FLAGS, Tables.MSYNC_FLAGS.bits());
    ALL.put(ArgKind.MADVICE, Tables.MADVICE.oneOf());
    ALL.put(ArgKind.SIGHOW, Tables.SIGHOW.oneOf());
    ALL.put(ArgKind.WAIT_OPTIONS, Tables.WAIT_OPTIONS.bits());
    ALL.put(ArgKind.ID_TYPE, Tables.ID_TYPES.oneOf());
    ALL.put(ArgKind.CLOCK, Formats::clock);
    ALL.put(ArgKind.ITIMER, Tables.ITIMERS.oneOf());
    ALL.put(ArgKind.TIMER_FLAGS, TIMER_FLAGS);
    ALL.put(ArgKind.TIMERFD_FLAGS, Tables.TIMERFD_FLAGS.bits());
    ALL.put(ArgKind.RESOURCE, Tables.RESOURCES.oneOf());
    ALL.put(ArgKind.STATX_MASK, Tables.STATX_MASK.bits());
    ALL.put(ArgKind.PIPE_FLAGS, Tables.PIPE_FLAGS.bits());
    ALL.put(ArgKind.RUSAGE_WHO, RUSAGE_WHO);
    ALL.put(ArgKind.PRIORITY_WHICH, Tables.PRIORITIES.oneOf());
    ALL.put(ArgKind.SIGNALFD_FLAGS, Tables.SIGNALFD_FLAGS.bits());
    ALL.put(ArgKind.CPU_SET, ArgFormat.in((c, i) -> processors(c, i, c.argument(i - 1))));
    ALL.put(ArgKind.OUT_CPU_SET, ArgFormat.out((c, i) -> processors(c, i, c.result())));
    ALL.put(ArgKind.EVENTFD_FLAGS, Tables.EVENTFD_FLAGS.bits());
    ALL.put(ArgKind.EPOLL_OP, Tables.EPOLL_OPS.oneOf());
    ALL.put(ArgKind.EPOLL_FLAGS, Tables.EPOLL_FLAGS.bits());
    ALL.put(ArgKind.SCHED_POLICY, Tables.SCHED.oneOf());
    ALL.put(ArgKind.RANDOM_FLAGS, Tables.RANDOM.bits());
    ALL.put(ArgKind.MEMBARRIER, new BarrierFormat());
    ALL.put(ArgKind.MEMBARRIER_FLAGS, Tables.MEMBARRIER_FLAGS.bits());
    ALL.put(ArgKind.RSEQ_FLAGS, Tables.RSEQ_FLAGS.bits());
    ALL.put(ArgKind.PTRACE, Tables.PTRACE.oneOf());
  }

  private static void buffers() {
    ALL.put(
        ArgKind.IN_BUFFER,
        (call, i) -> {
          if (call.argument(i) == 0) {
            call.address(0);
          } else {
            Quoted.buffer(call, call.argument(i), Math.max(0, call.argument(i + 1)));
          }
        });
    ALL.put(ArgKind.OUT_BUFFER, ArgFormat.out(Formats::filled));
    ALL.put(
        ArgKind.IN_IOVEC,
        ArgFormat.in((call, i) -> vector(call, call.argument(i), call.argument(i + 1), -1)));
    ALL.put(
        ArgKind.OUT_IOVEC,
        ArgFormat.out(
            (call, i) -> vector(call, call.argument(i), call.argument(i + 1), call.result())));
    ALL.put(
        ArgKind.DIRENTS,
        ArgFormat.out((call, i) -> {
          call.address(call.argument(i));
          call.text().append(" /* ").append(entries(call, i)).append(" entries */");
        }));
  }

  private static void longInMemory(Call call, int index) {
    call.text().append('[').append(call.memory().load64(call.argument(index))).append(']');
  }

  private static void processors(Call call, int index, long size) {
    int bits = 8 * call.abi().wordSize();
    call.text().append('[');
    String gap = "";
    for (int n = 0; n < Math.min(size, 1024) * 8; n++) {
      long at = call.argument(index) + (long) (n / bits) * (bits / 8);
      if ((call.abi().loadWord(call.memory(), at) >>> (n % bits) & 1) != 0) {
        call.text().append(gap).append(n);
        gap = " ";
      }
    }
    call.text().append(']');
  }

  private static void filled(Call call, int index) {
    long size = call.argument(index + 1);
    long length = size < 0 ? call.result() : Math.min(call.result(), size);
    if (call.kind(index + 2) == ArgKind.RANDOM_FLAGS) {
      byte[] bytes = new byte[(int) Math.min(length, Quoted.LIMIT)];
      call.memory().read(call.argument(index), bytes, 0, bytes.length);
      Quoted.hex(call.text(), bytes, length > Quoted.LIMIT);
    } else if (call.name().equals("getcwd")) {
      Quoted.cString(call, call.argument(index));
    } else {
      Quoted.buffer(call, call.argument(index), length);
    }
  }

  /** Directory records: their length is behind inode and offset. */
  private static int entries(Call call, int index) {
    boolean wide = call.abi().wide() || call.name().endsWith("64");
    long at = call.argument(index);
    long end = at + call.result();
    int count = 0;
    while (at < end) {
      int length = call.memory().load16(at + (wide ? 16 : 8)) & 0xffff;
      if (length == 0) {
        break;
      }
      at += length;
      count++;
    }
    return count;
  }

  /**
   * Appends an array of struct iovec.
   *
   * @param valid bytes the call has filled in, or negative if all count
   */
  static void vector(Call call, long address, long count, long valid) {
    GuestAbi abi = call.abi();
    int word = abi.wordSize();
    long left = valid;
    call.text().append('[');
    for (int i = 0; i < count; i++) {
      if (i > 0) {
        call.text().append(", ");
      }
      if (i >= Quoted.LIMIT) {
        call.text().append("...");
        break;
      }
      long base = abi.loadWord(call.memory(), address + 2L * i * word);
      long length = abi.loadWord(call.memory(), address + 2L * i * word + word);
      long most = length < 0 ? Long.MAX_VALUE : length;
      long shown = valid < 0 ? most : Math.min(left, most);
      left -= shown;
      call.text().append("{iov_base=");
      if (base == 0) {
        call.address(0);
      } else {
        Quoted.buffer(call, base, shown);
      }
      call.text().append(", iov_len=").append(Long.toUnsignedString(length)).append('}');
    }
    call.text().append(']');
  }

  // ---- numbers

  static void hex(StringBuilder text, long value) {
    text.append(value == 0 ? "0" : "0x" + Long.toHexString(value));
  }

  static String signal(long number) {
    int signal = (int) number;
    return Signals.valid(signal) ? Signals.name(signal) : Integer.toString(signal);
  }

  /** Appends a descriptor, with its file's name if that is wanted. */
  static void fd(Call call, int fd) {
    call.text().append(fd);
    if (call.paths() && fd >= 0) {
      path(call, fd);
    }
  }

  private static void path(Call call, int fd) {
    try {
      OpenFile file = call.task().files().get(fd);
      try {
        call.text().append('<').append(GuestText.toHost(file.path())).append('>');
      } finally {
        file.release();
      }
    } catch (Failure notOpen) {
      return;
    }
  }

  private static void directory(Call call, int fd) {
    if (fd != AT_FDCWD) {
      fd(call, fd);
      return;
    }
    call.text().append("AT_FDCWD");
    if (call.paths()) {
      call.text().append('<').append(GuestText.toHost(call.task().fs().directory())).append('>');
    }
  }

  private static void mode(StringBuilder text, int mode) {
    int type = mode & 0170000;
    if (type != 0) {
      fileMode(text, mode);
    } else {
      text.append(String.format("%03o", mode).replaceFirst("^(?!0)", "0"));
    }
  }

  /** Appends st_mode: type, set-id bits and permissions. */
  static void fileMode(StringBuilder text, int mode) {
    int type = mode & 0170000;
    if (type != 0) {
      Tables.FILE_TYPES.value(text, type);
      text.append('|');
    }
    text.append((mode & 04000) != 0 ? "S_ISUID|" : "");
    text.append((mode & 02000) != 0 ? "S_ISGID|" : "");
    text.append((mode & 01000) != 0 ? "S_ISVTX|" : "");
    text.append(String.format("%04o", mode & 0777));
  }

  static void device(StringBuilder text, long device) {
    long major = device >>> 8 & 0xfff | device >>> 32 & 0xfffff000L;
    long minor = device & 0xff | device >>> 12 & 0xffffff00L;
    text.append("makedev(");
    hex(text, major);
    text.append(", ");
    hex(text, minor);
    text.append(')');
  }

  static void openFlags(StringBuilder text, int flags) {
    Tables.OPEN_MODE.value(text, flags & 3);
    if ((flags & ~3) != 0) {
      text.append('|');
      Tables.OPEN_FLAGS.flags(text, flags & ~3);
    }
  }

  private static void atFlags(Call call, int index) {
    long flags = call.argument(index) & 0xffff_ffffL;
    int sync = 0x6000;
    if (call.kind(index + 1) == ArgKind.STATX_MASK) {
      Tables.STATX_SYNC.value(call.text(), flags & sync);
      flags &= ~sync;
      if (flags == 0) {
        return;
      }
      call.text().append('|');
    }
    Tables.AT_FLAGS.flags(call.text(), flags);
  }

  private static void clock(Call call, int index) {
    int id = (int) call.argument(index);
    if (id >= 0) {
      Tables.CLOCKS.value(call.text(), id);
      return;
    }
    int counted = id & 3;
    String[] counts = {"CPUCLOCK_PROF", "CPUCLOCK_VIRT", "CPUCLOCK_SCHED"};
    if (counted == 3) {
      call.text().append("FD_TO_CLOCKID(").append(~(id >> 3)).append(')');
      return;
    }
    String maker = (id & 4) != 0 ? "MAKE_THREAD_CPUCLOCK(" : "MAKE_PROCESS_CPUCLOCK(";
    call.text().append(maker).append(~(id >> 3)).append(", ").append(counts[counted]).append(')');
  }

  /** Arguments are shown one by one, the environment behind them only counted. */
  private static void strings(Call call, int index) {
    GuestAbi abi = call.abi();
    long at = call.argument(index);
    if (at == 0) {
      call.address(0);
      return;
    }
    boolean environment = call.kind(index - 1) == ArgKind.STRINGS;
    int most = environment ? 1 << 20 : Quoted.LIMIT;
    StringBuilder text = call.text();
    int count = 0;
    if (!environment) {
      text.append('[');
    }
    for (; ; count++) {
      long string = abi.loadWord(call.memory(), at + (long) count * abi.wordSize());
      if (string == 0) {
        break;
      }
      if (count == most) {
        text.append(", ...");
        break;
      }
      if (!environment) {
        text.append(count == 0 ? "" : ", ");
        Quoted.cString(call, string);
      }
    }
    if (environment) {
      call.address(at);
      text.append(" /* ").append(count).append(count == 1 ? " var */" : " vars */");
    } else {
      text.append(']');
    }
  }
}
