package dev.vestibule.kernel.freeze;

import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.GuestText;
import dev.vestibule.kernel.call.FileCalls;
import dev.vestibule.kernel.file.FileState;
import dev.vestibule.kernel.file.FileStatus;
import dev.vestibule.kernel.file.FileTree;
import dev.vestibule.kernel.file.HostStream;
import dev.vestibule.kernel.file.OpenFile;
import dev.vestibule.kernel.file.Place;
import dev.vestibule.kernel.pipe.PipeEnd;
import dev.vestibule.kernel.poll.Epoll;
import dev.vestibule.kernel.poll.EventFile;
import dev.vestibule.kernel.poll.Inotify;
import dev.vestibule.kernel.poll.SignalFile;
import dev.vestibule.kernel.socket.InetThaw;
import dev.vestibule.kernel.socket.UnixSocket;
import dev.vestibule.kernel.time.Clock;
import dev.vestibule.kernel.time.TimerFile;

/** How does a task have a file again that was open when it was saved? */
public final class FileThaw {
  private static final int NO_WAITING = OpenFile.O_NONBLOCK;

  private FileThaw() {}

  /**
   * Opens it; the reference is the caller's.
   *
   * @param task on whose behalf
   * @param state anything but what is made together: ends of pipes, FIFOs and terminals, and those
   *     of {@link UnnamedThaw}; an inotify watches nothing before {@link #watch}
   * @throws FreezeRefusal if it is not there, or not what it was
   */
  public static OpenFile open(Task task, FileState state) throws FreezeRefusal {
    return switch (state) {
      case FileState.Named named -> open(task, named);
      case FileState.Stream stream -> stream(task, stream);
      case FileState.Event event -> EventFile.restored(event);
      case FileState.SignalSet set -> new SignalFile(task, set.mask(), set.flags());
      case FileState.Timer timer -> timer(task, timer);
      case FileState.Poll poll -> flagged(new Epoll(), poll.flags());
      case FileState.Notify notify -> notify(notify);
      case FileState.Unix unix -> unix(task, unix);
      case FileState.Inet inet -> InetThaw.open(task, inet);
      case FileState.Unnamed unnamed -> throw new IllegalArgumentException(unnamed.toString());
      case FileState.Tty tty -> throw new IllegalArgumentException(tty.toString());
      case FileState.Fifo fifo -> throw new IllegalArgumentException(fifo.toString());
      case FileState.Pipe pipe -> throw new IllegalArgumentException(pipe.toString());
      case FileState.Unknown unknown -> throw new FreezeRefusal(unknown.what());
    };
  }

  /**
   * Opens a FIFO.
   *
   * @param saved what was in it, the same for all that have it open
   */
  public static OpenFile fifo(Task task, FileState.Fifo state, PipeEnd.Saved saved)
      throws FreezeRefusal {
    String shown = GuestText.toHost(state.path());
    FileStatus there;
    try {
      there = task.machine().fileTree().find(null, FileTree.AT_FDCWD, state.path(), 0).status();
    } catch (Failure failure) {
      throw new FreezeRefusal(shown + ": " + Errno.message(failure.errno()));
    }
    if (there == null || there.type() != FileStatus.S_IFIFO) {
      throw new FreezeRefusal(shown + ": is no FIFO, as it was");
    }
    return saved.fifo(task, there, state.path(), state.flags());
  }

  private static OpenFile notify(FileState.Notify state) throws FreezeRefusal {
    try {
      return Inotify.restored(state);
    } catch (Failure failure) {
      throw new FreezeRefusal("an inotify cannot be had: " + Errno.message(failure.errno()));
    }
  }

  /**
   * Has an inotify watch again what it did. What happens to the files before is not told: opening
   * them for the process, above all.
   *
   * @throws FreezeRefusal if a file is gone, or is another kind of file
   */
  public static void watch(Task task, Inotify file, FileState.Notify state) throws FreezeRefusal {
    for (FileState.Watch watch : state.watches()) {
      String shown = GuestText.toHost(watch.path());
      long result;
      try {
        Place place = task.machine().fileTree().at(null, watch.path());
        FileStatus there = place.status();
        if (there != null && there.type() != (watch.mode() & FileStatus.S_IFMT)) {
          throw new FreezeRefusal(shown + ": is another kind of file than the one watched");
        }
        result = there == null ? -Errno.ENOENT : file.watch(place, watch);
      } catch (Failure failure) {
        result = -failure.errno();
      }
      if (result == -Errno.EEXIST) {
        throw new FreezeRefusal(shown + ": another watch has the same file, which it had not");
      }
      if (result < 0) {
        throw new FreezeRefusal(
            "%s cannot be watched: %s".formatted(shown, Errno.message((int) -result)));
      }
    }
  }

  private static OpenFile flagged(OpenFile file, int flags) {
    file.setFlags(flags);
    return file;
  }

  private static OpenFile open(Task task, FileState.Named named) throws FreezeRefusal {
    String shown = GuestText.toHost(named.path());
    int once = 0100 | 0200 | 01000; // O_CREAT, O_EXCL, O_TRUNC
    OpenFile file;
    try {
      file = FileCalls.open(task, named.path(), named.flags() & ~once | NO_WAITING, 0);
    } catch (Failure failure) {
      throw new FreezeRefusal(shown + ": " + Errno.message(failure.errno()));
    }
    FileStatus now = file.status(task);
    if (now.type() != (named.mode() & FileStatus.S_IFMT)) {
      throw refused(file, shown + ": is another kind of file than it was");
    }
    if (now.type() == FileStatus.S_IFREG && now.size() != named.size()) {
      throw refused(
          file, "%s: has %d bytes, and had %d".formatted(shown, now.size(), named.size()));
    }
    file.setFlags(named.flags());
    if (named.position() > 0 && file.seekable()) {
      long at = file.seek(task, named.position(), 0);
      if (at != named.position()) {
        throw refused(file, shown + ": has no position " + named.position());
      }
    }
    return file;
  }

  private static FreezeRefusal refused(OpenFile file, String reason) {
    long closed = file.release();
    assert closed == 0;
    return new FreezeRefusal(reason);
  }

  private static OpenFile stream(Task task, FileState.Stream stream) throws FreezeRefusal {
    OpenFile file = HostStream.standard(task.machine(), stream.number());
    if (file == null) {
      throw new FreezeRefusal(
          "it used standard stream " + stream.number() + ", and here that is closed");
    }
    // Whoever started us may share the stream: one that appends must not begin to overwrite.
    int wanted = file.flags() | stream.flags() & (OpenFile.O_APPEND | OpenFile.O_NONBLOCK);
    if (wanted != file.flags()) {
      file.setFlags(wanted);
    }
    return file;
  }

  private static OpenFile unix(Task task, FileState.Unix state) throws FreezeRefusal {
    try {
      return UnixSocket.restored(task, state.socket(), state.flags());
    } catch (Failure failure) {
      String name = GuestText.toHost(state.socket().name().text().replace('\0', '@'));
      throw new FreezeRefusal(
          "a socket cannot be bound to %s again: %s"
              .formatted(name, Errno.message(failure.errno())));
    }
  }

  private static OpenFile timer(Task task, FileState.Timer state) throws FreezeRefusal {
    if (!(Clock.of(task, state.clock()) instanceof Clock.OfMachine clock)) {
      throw new FreezeRefusal("a timer of clock " + state.clock() + ", which this kernel has not");
    }
    TimerFile file = new TimerFile(task.machine(), clock, state.flags());
    file.restore(state);
    return file;
  }
}
