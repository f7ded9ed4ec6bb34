package dev.vestibule.observe.strace;

import dev.vestibule.kernel.ArgKind;
import dev.vestibule.kernel.abi.GuestAbi;
import dev.vestibule.kernel.abi.Struct;
import java.util.Map;

/** How are arguments shown whose meaning another argument decides: commands and their operands? */
final class ControlFormats {
  private static final int F_GETFD = 1;
  private static final int F_SETFD = 2;
  private static final int F_GETFL = 3;
  private static final int F_SETFL = 4;
  private static final int F_GETLK = 5;
  private static final int F_SETLKW = 7;
  private static final int F_GETOWN = 9;
  private static final int F_SETSIG = 10;
  private static final int F_GETSIG = 11;
  private static final int F_GETLK64 = 12;
  private static final int F_SETLKW64 = 14;
  private static final int F_OFD_GETLK = 36;
  private static final int F_OFD_SETLKW = 38;
  private static final int F_GETLEASE = 1025;
  private static final int F_GETPIPE_SZ = 1032;
  private static final int F_GET_SEALS = 1034;

  private ControlFormats() {}

  static void register(Map<ArgKind, ArgFormat> all) {
    all.put(ArgKind.FCNTL, FCNTL);
    all.put(ArgKind.PRCTL, PRCTL);
    all.put(ArgKind.IOCTL, IoctlFormat.REQUEST);
    all.put(ArgKind.FUTEX_OP, FUTEX_OP);
    all.put(ArgKind.CLONE_FLAGS, CLONE);
    all.put(ArgKind.CLONE_ARGS, CLONE_ARGS);
    all.put(ArgKind.OUT_WAIT_STATUS, ArgFormat.out(ControlFormats::waitStatus));
    all.put(ArgKind.OUT_INT, ArgFormat.out(ControlFormats::integer));
    all.put(ArgKind.OUT_FD_PAIR, ArgFormat.out(ControlFormats::pair));
  }

  // ---- fcntl

  private static final ArgFormat FCNTL =
      new ArgFormat() {
        @Override
        public void append(Call call, int index) {
          Tables.FCNTL.value(call.text(), call.argument(index) & 0xffff_ffffL);
        }

        @Override
        public void prepare(Call call, int index) {
          int command = (int) call.argument(index);
          switch (command) {
            case F_GETFD, F_GETFL, F_GETOWN, F_GETSIG, F_GETLEASE, F_GETPIPE_SZ, F_GET_SEALS ->
                call.cutFrom(index + 1);
            case F_SETFD -> call.reformat(index + 1, FD_FLAGS);
            case F_SETFL -> call.reformat(index + 1, Formats.OPEN_FLAGS);
            case F_SETSIG -> call.reformat(index + 1, Formats.SIGNAL);
            case F_GETLK, F_GETLK64, F_OFD_GETLK ->
                call.reformat(index + 1, ArgFormat.out((c, i) -> lock(c, i, true)));
            default -> {
              boolean sets =
                  command > F_GETLK && command <= F_SETLKW
                      || command > F_GETLK64 && command <= F_SETLKW64
                      || command > F_OFD_GETLK && command <= F_OFD_SETLKW;
              call.reformat(
                  index + 1, sets ? ArgFormat.in((c, i) -> lock(c, i, false)) : Formats.INT);
            }
          }
        }

        @Override
        public void conclude(Call call, int index) {
          if (call.failed()) {
            return;
          }
          StringBuilder note = new StringBuilder("flags ");
          int command = (int) call.argument(index);
          if (command == F_GETFL) {
            Formats.openFlags(note, call.abi().openFlags((int) call.result()));
            call.note(note.toString());
          } else if (command == F_GETFD && call.result() != 0) {
            call.note(note.append("FD_CLOEXEC").toString());
          }
        }
      };

  private static final ArgFormat FD_FLAGS =
      (call, i) -> {
        long flags = call.argument(i);
        if (flags == 1) {
          call.text().append("FD_CLOEXEC");
        } else {
          Formats.hex(call.text(), flags);
        }
      };

  /** Whether the result is a number of flags: fcntl's, membarrier's. */
  static boolean hexResult(Call call) {
    if (call.name().equals("membarrier")) {
      return call.result() != 0;
    }
    int command = (int) call.argument(1);
    return call.name().startsWith("fcntl") && (command == F_GETFL || command == F_GETFD);
  }

  private static void lock(Call call, int index, boolean pid) {
    int command = (int) call.argument(index - 1);
    boolean wide = call.abi().wide() || command >= F_GETLK64;
    Struct s = call.abi().struct(call.memory(), call.argument(index), wide ? 32 : 16);
    StringBuilder text = call.text().append("{l_type=");
    Tables.LOCK_TYPES.value(text, s.u16(0));
    text.append(", l_whence=");
    Tables.WHENCE.value(text, s.u16(2));
    text.append(", l_start=").append(wide ? s.i64(8) : s.i32(4));
    text.append(", l_len=").append(wide ? s.i64(16) : s.i32(8));
    if (pid) {
      text.append(", l_pid=").append(s.i32(wide ? 24 : 12));
    }
    text.append('}');
  }

  // ---- prctl

  private static final ArgFormat PRCTL =
      new ArgFormat() {
        @Override
        public void append(Call call, int index) {
          Tables.PRCTL.value(call.text(), call.argument(index) & 0xffff_ffffL);
        }

        @Override
        public void prepare(Call call, int index) {
          String option = Tables.PRCTL.get(call.argument(index) & 0xffff_ffffL);
          switch (option == null ? "" : option) {
            case "PR_SET_PDEATHSIG" -> operand(call, index, Formats.SIGNAL);
            case "PR_SET_NAME" -> operand(call, index, Formats.STRING);
            case "PR_GET_NAME" -> operand(call, index, ArgFormat.out(Formats.STRING));
            case "PR_SET_DUMPABLE" -> operand(call, index, Tables.DUMPABLE.oneOf());
            case "PR_SET_KEEPCAPS",
                "PR_SET_CHILD_SUBREAPER",
                "PR_SET_TIMERSLACK",
                "PR_CAPBSET_READ",
                "PR_CAPBSET_DROP" ->
                operand(call, index, Formats.ULONG);
            case "PR_GET_PDEATHSIG",
                "PR_GET_CHILD_SUBREAPER",
                "PR_GET_ENDIAN",
                "PR_GET_FPEXC",
                "PR_GET_UNALIGN",
                "PR_GET_FPEMU",
                "PR_GET_TID_ADDRESS" ->
                operand(call, index, ArgFormat.out(ControlFormats::integer));
            case "PR_GET_DUMPABLE",
                "PR_GET_KEEPCAPS",
                "PR_GET_TIMING",
                "PR_GET_TIMERSLACK",
                "PR_GET_SECCOMP",
                "PR_GET_SECUREBITS" ->
                call.cutFrom(index + 1);
            default -> {
              for (int i = index + 1; i < call.count(); i++) {
                call.reformat(i, option == null || option.contains("VMA") ? Formats.HEX : NUMBER);
              }
            }
          }
        }

        @Override
        public void conclude(Call call, int index) {
          int getDumpable = 3;
          if (call.argument(index) == getDumpable && !call.failed()) {
            StringBuilder note = new StringBuilder();
            Tables.DUMPABLE.value(note, call.result());
            call.note(note.toString());
          }
        }
      };

  private static final ArgFormat NUMBER =
      (call, i) -> {
        long value = call.argument(i);
        if (value >= 0 && value < 1 << 16) {
          call.text().append(value);
        } else {
          Formats.hex(call.text(), value);
        }
      };

  private static void operand(Call call, int index, ArgFormat format) {
    call.reformat(index + 1, format);
    call.cutFrom(index + 2);
  }

  /** An int in memory. */
  static void integer(Call call, int index) {
    call.text().append('[').append(call.memory().load32(call.argument(index))).append(']');
  }

  // ---- futex

  private static final ArgFormat FUTEX_OP =
      new ArgFormat() {
        private static final int PRIVATE = 0x80;
        private static final int REALTIME = 0x100;

        @Override
        public void append(Call call, int index) {
          long op = call.argument(index) & 0xffff_ffffL;
          Tables.FUTEX_OPS.value(call.text(), op & ~(PRIVATE | REALTIME));
          call.text().append((op & PRIVATE) != 0 ? "_PRIVATE" : "");
          call.text().append((op & REALTIME) != 0 ? "|FUTEX_CLOCK_REALTIME" : "");
        }

        @Override
        public void prepare(Call call, int index) {
          String op =
              Tables.FUTEX_OPS.get(call.argument(index) & ~(PRIVATE | REALTIME) & 0xffff_ffffL);
          switch (op == null ? "" : op) {
            case "FUTEX_WAIT" -> call.cutFrom(index + 3);
            case "FUTEX_LOCK_PI", "FUTEX_LOCK_PI2" -> {
              call.reformat(index + 1, ArgFormat.HIDDEN);
              call.cutFrom(index + 3);
            }
            case "FUTEX_WAKE", "FUTEX_FD" -> call.cutFrom(index + 2);
            case "FUTEX_UNLOCK_PI", "FUTEX_TRYLOCK_PI" -> call.cutFrom(index + 1);
            case "FUTEX_WAIT_BITSET" -> {
              call.reformat(index + 3, ArgFormat.HIDDEN);
              call.reformat(index + 4, BITSET);
            }
            case "FUTEX_WAKE_BITSET" -> {
              call.reformat(index + 2, ArgFormat.HIDDEN);
              call.reformat(index + 3, ArgFormat.HIDDEN);
              call.reformat(index + 4, BITSET);
            }
            case "FUTEX_REQUEUE" -> {
              call.reformat(index + 2, Formats.ULONG);
              call.cutFrom(index + 4);
            }
            case "FUTEX_WAKE_OP" -> {
              call.reformat(index + 2, Formats.ULONG);
              call.reformat(index + 4, Formats.HEX);
            }
            case "FUTEX_CMP_REQUEUE", "FUTEX_CMP_REQUEUE_PI" ->
                call.reformat(index + 2, Formats.ULONG);
            case "FUTEX_WAIT_REQUEUE_PI" -> call.cutFrom(index + 4);
            default -> {}
          }
        }
      };

  private static final ArgFormat BITSET =
      (call, i) -> {
        if ((int) call.argument(i) == -1) {
          call.text().append("FUTEX_BITSET_MATCH_ANY");
        } else {
          Formats.hex(call.text(), call.argument(i) & 0xffff_ffffL);
        }
      };

  // ---- clone

  private static final long CLONE_SETTLS = 0x80000;
  private static final long CLONE_PARENT_SETTID = 0x100000;
  private static final long CLONE_CHILD_IDS = 0x1200000;
  private static final long CSIGNAL = 0xff;

  /** Shows the stack first and afterwards only the arguments that the flags ask for. */
  private static final ArgFormat CLONE =
      new ArgFormat() {
        @Override
        public void append(Call call, int index) {
          long flags = call.argument(index);
          call.text().append("child_stack=");
          call.address(call.argument(index + 1));
          call.text().append(", flags=");
          cloneFlags(call, flags & ~CSIGNAL);
          if ((flags & CSIGNAL) != 0) {
            call.text().append('|').append(Formats.signal(flags & CSIGNAL));
          }
        }

        @Override
        public void prepare(Call call, int index) {
          long flags = call.argument(index);
          boolean tlsFirst = call.abi().tlsBeforeChildTid();
          int tls = index + (tlsFirst ? 3 : 4);
          int child = index + (tlsFirst ? 4 : 3);
          call.cutFrom(index + 1);
          if ((flags & CLONE_PARENT_SETTID) != 0) {
            call.reformat(index + 2, named("parent_tid=", ArgFormat.out(ControlFormats::integer)));
          }
          if ((flags & CLONE_SETTLS) != 0) {
            call.reformat(tls, named("tls=", Formats.PTR));
          }
          if ((flags & CLONE_CHILD_IDS) != 0) {
            call.reformat(child, named("child_tidptr=", Formats.PTR));
          }
        }
      };

  private static void cloneFlags(Call call, long flags) {
    if (flags == 0) {
      call.text().append('0');
    } else {
      Tables.CLONE_FLAGS.flags(call.text(), flags);
    }
  }

  private static ArgFormat named(String name, ArgFormat format) {
    return new ArgFormat() {
      @Override
      public void append(Call call, int index) {
        call.text().append(", ").append(name);
        format.append(call, index);
      }

      @Override
      public boolean late() {
        return true;
      }

      @Override
      public boolean glued() {
        return true;
      }
    };
  }

  private static final ArgFormat CLONE_ARGS =
      new ArgFormat() {
        @Override
        public void append(Call call, int index) {
          Struct s = call.abi().struct(call.memory(), call.argument(index), 64);
          StringBuilder text = call.text();
          text.append("{flags=");
          cloneFlags(call, s.i64(0));
          String[] ids = {", pidfd=", ", child_tid=", ", parent_tid="};
          long[] asked = {0x1000, CLONE_CHILD_IDS, CLONE_PARENT_SETTID};
          for (int i = 0; i < ids.length; i++) {
            if ((s.i64(0) & asked[i]) != 0) {
              text.append(ids[i]);
              call.address(s.i64(8 + 8 * i));
            }
          }
          long signal = s.i64(32);
          text.append(", exit_signal=").append(signal == 0 ? "0" : Formats.signal(signal));
          text.append(", stack=");
          call.address(s.i64(40));
          text.append(", stack_size=");
          Formats.hex(text, s.i64(48));
          if ((s.i64(0) & CLONE_SETTLS) != 0) {
            text.append(", tls=");
            call.address(s.i64(56));
          }
          text.append('}');
        }

        @Override
        public void prepare(Call call, int index) {
          call.reformat(index + 1, CLONE_ARGS_SIZE);
        }
      };

  private static final ArgFormat CLONE_ARGS_SIZE =
      new ArgFormat() {
        @Override
        public void append(Call call, int index) {
          Struct s = call.abi().struct(call.memory(), call.argument(index - 1), 32);
          if (!call.failed() && (s.i64(0) & CLONE_PARENT_SETTID) != 0) {
            int tid = call.memory().load32(s.i64(24));
            call.text().append(" => {parent_tid=[").append(tid).append("]}");
          }
          call.text().append(", ").append(call.argument(index));
        }

        @Override
        public boolean late() {
          return true;
        }

        @Override
        public boolean glued() {
          return true;
        }
      };

  // ---- others

  private static void waitStatus(Call call, int index) {
    if (call.result() == 0) {
      call.address(call.argument(index));
      return;
    }
    int status = call.memory().load32(call.argument(index));
    int signal = status & 0x7f;
    StringBuilder text = call.text();
    if (status == 0xffff) {
      text.append("[{WIFCONTINUED(s)}]");
    } else if (signal == 0) {
      text.append("[{WIFEXITED(s) && WEXITSTATUS(s) == ").append(status >> 8 & 0xff).append("}]");
    } else if (signal == 0x7f) {
      text.append("[{WIFSTOPPED(s) && WSTOPSIG(s) == ");
      text.append(Formats.signal(status >> 8 & 0xff)).append("}]");
    } else {
      text.append("[{WIFSIGNALED(s) && WTERMSIG(s) == ").append(Formats.signal(signal));
      text.append((status & 0x80) != 0 ? " && WCOREDUMP(s)}]" : "}]");
    }
  }

  private static void pair(Call call, int index) {
    GuestAbi abi = call.abi();
    Struct s = abi.struct(call.memory(), call.argument(index), 8);
    call.text().append('[');
    Formats.fd(call, s.i32(0));
    call.text().append(", ");
    Formats.fd(call, s.i32(4));
    call.text().append(']');
  }
}
