package dev.vestibule.observe.strace;

import dev.vestibule.kernel.ArgKind;
import dev.vestibule.kernel.abi.Struct;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** How are sets of descriptors and the events on them shown? */
final class EventFormats {
  private static final int MOST = 32;
  private static final int POLLFD = 8;
  private static final int FD_SETSIZE = 1024;
  private static final int EPOLL_CTL_DEL = 2;
  private static final int SIGEV_NONE = 1;
  private static final int SIGEV_THREAD_ID = 4;

  private EventFormats() {}

  static void register(Map<ArgKind, ArgFormat> all) {
    all.put(ArgKind.POLLFDS, POLLFDS);
    all.put(ArgKind.FD_SET, FD_SET);
    all.put(ArgKind.EPOLL_EVENT, EventFormats::epollEvent);
    all.put(ArgKind.OUT_EPOLL_EVENTS, ArgFormat.out(EventFormats::epollEvents));
    all.put(ArgKind.SIGEVENT, ArgFormat.in(EventFormats::sigevent));
  }

  private static final ArgFormat POLLFDS =
      new ArgFormat() {
        @Override
        public void append(Call call, int index) {
          if (call.argument(index) == 0) {
            call.address(0);
            return;
          }
          StringBuilder text = call.text().append('[');
          for (int i = 0; i < call.argument(index + 1); i++) {
            text.append(i == 0 ? "" : ", ");
            if (i == MOST) {
              text.append("...");
              break;
            }
            Struct s = pollfd(call, index, i);
            text.append("{fd=");
            Formats.fd(call, s.i32(0));
            if (s.i32(0) >= 0) {
              text.append(", events=");
              Tables.POLL.flags(text, s.u16(4));
            }
            text.append('}');
          }
          text.append(']');
        }

        @Override
        public void conclude(Call call, int index) {
          if (call.failed()) {
            return;
          }
          if (call.result() == 0) {
            call.note("Timeout");
            return;
          }
          StringBuilder note = new StringBuilder("[");
          for (int i = 0; i < call.argument(index + 1) && i < MOST; i++) {
            Struct s = pollfd(call, index, i);
            if (s.u16(6) != 0) {
              note.append(note.length() > 1 ? ", {fd=" : "{fd=").append(s.i32(0));
              note.append(", revents=");
              Tables.POLL.flags(note, s.u16(6));
              note.append('}');
            }
          }
          call.note(note.append(']') + left(call, index + 2, ", "));
        }
      };

  private static Struct pollfd(Call call, int index, int i) {
    return call.abi().struct(call.memory(), call.argument(index) + (long) i * POLLFD, POLLFD);
  }

  /** The rest of a timeout that the kernel writes back. */
  private static String left(Call call, int index, String gap) {
    ArgKind kind = call.kind(index);
    boolean seconds =
        kind == ArgKind.TIMESPEC || kind == ArgKind.TIMESPEC64 || kind == ArgKind.TIMEVAL;
    if (!seconds || call.argument(index) == 0) {
      return "";
    }
    int before = call.text().length();
    int field = kind == ArgKind.TIMESPEC64 ? 8 : call.abi().wordSize();
    String part = kind == ArgKind.TIMEVAL ? "tv_usec" : "tv_nsec";
    StructFormats.time(call, call.argument(index), field, part);
    String rest = gap + "left " + call.text().substring(before);
    call.text().setLength(before);
    return rest;
  }

  private static final ArgFormat FD_SET =
      new ArgFormat() {
        @Override
        public void append(Call call, int index) {
          String set = members(call, index);
          call.text().append(set == null ? "NULL" : set);
        }

        @Override
        public void conclude(Call call, int index) {
          boolean last = call.kind(index + 1) != ArgKind.FD_SET;
          if (call.failed() || !last) {
            return;
          }
          if (call.result() == 0) {
            call.note("Timeout");
            return;
          }
          String[] names = {"in ", "out ", "except "};
          StringBuilder note = new StringBuilder();
          for (int i = 0; i < names.length; i++) {
            String set = members(call, index - 2 + i);
            if (set != null && !set.equals("[]")) {
              note.append(note.isEmpty() ? "" : ", ").append(names[i]).append(set);
            }
          }
          call.note(note + left(call, index + 1, note.isEmpty() ? "" : ", "));
        }
      };

  /** The descriptors in a set; null for no set. */
  private static @Nullable String members(Call call, int index) {
    long at = call.argument(index);
    if (at == 0) {
      return null;
    }
    int count = (int) Math.max(0, Math.min(call.argument(0), FD_SETSIZE));
    int bits = 8 * call.abi().wordSize();
    StringBuilder set = new StringBuilder("[");
    for (int fd = 0; fd < count; fd++) {
      long word = call.abi().loadWord(call.memory(), at + (long) (fd / bits) * (bits / 8));
      if ((word >>> (fd % bits) & 1) != 0) {
        set.append(set.length() > 1 ? " " : "").append(fd);
      }
    }
    return set.append(']').toString();
  }

  // ---- epoll

  private static void epollEvent(Call call, int index) {
    int operation = (int) call.argument(index - 2);
    if (operation == EPOLL_CTL_DEL || call.argument(index) == 0) {
      call.address(call.argument(index));
    } else {
      event(call, call.argument(index));
    }
  }

  private static void event(Call call, long at) {
    int data = call.abi().epollDataOffset();
    StringBuilder text = call.text().append("{events=");
    Tables.EPOLL.flags(text, call.memory().load32(at) & 0xffff_ffffL);
    text.append(", data={u32=");
    text.append(Integer.toUnsignedString(call.memory().load32(at + data)));
    text.append(", u64=").append(Long.toUnsignedString(call.memory().load64(at + data)));
    text.append("}}");
  }

  private static void epollEvents(Call call, int index) {
    int size = call.abi().epollDataOffset() + 8;
    call.text().append('[');
    for (int i = 0; i < call.result(); i++) {
      call.text().append(i == 0 ? "" : ", ");
      if (i == MOST) {
        call.text().append("...");
        break;
      }
      event(call, call.argument(index) + (long) i * size);
    }
    call.text().append(']');
  }

  // ---- timers

  private static void sigevent(Call call, int index) {
    int word = call.abi().wordSize();
    Struct s = call.abi().struct(call.memory(), call.argument(index), word + 12);
    int notify = s.i32(word + 4);
    StringBuilder text = call.text();
    text.append('{');
    if (notify != SIGEV_NONE) {
      text.append("sigev_value={sival_int=").append(s.i32(0)).append(", sival_ptr=");
      call.address(s.word(0));
      text.append("}, ");
    }
    text.append("sigev_signo=").append(Formats.signal(s.i32(word)));
    text.append(", sigev_notify=");
    Tables.SIGEV.value(text, notify);
    if (notify == SIGEV_THREAD_ID) {
      text.append(", sigev_notify_thread_id=").append(s.i32(word + 8));
    }
    text.append('}');
  }
}
