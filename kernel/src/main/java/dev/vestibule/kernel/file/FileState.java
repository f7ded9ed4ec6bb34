package dev.vestibule.kernel.file;

import dev.vestibule.kernel.socket.InetState;
import dev.vestibule.kernel.socket.UnixState;
import dev.vestibule.kernel.tty.PseudoTerminal;
import dev.vestibule.kernel.tty.TtyState;
import java.util.List;

/**
 * What must be known of an open file description to have it again in another machine? Flags are
 * open(2)'s, generic numbers.
 */
public sealed interface FileState {
  /** open(2)'s flags that stay with the file. */
  int flags();

  /**
   * A file, directory or device that its name leads to.
   *
   * @param path inside the guest's root
   * @param position in bytes; of a directory, in entries
   * @param size in bytes, of a plain file
   * @param mode st_mode
   * @param found whether the name still leads to this file
   */
  record Named(String path, int flags, long position, long size, int mode, boolean found)
      implements FileState {}

  /**
   * One of the streams the machine was started with.
   *
   * @param number 0 standard input, 1 output, 2 error
   */
  record Stream(int number, int flags) implements FileState {}

  /**
   * An end of a pipe.
   *
   * @param pipe equal for ends of the same one
   */
  record Pipe(long pipe, int flags) implements FileState {}

  /**
   * An open FIFO.
   *
   * @param path inside the guest's root
   * @param pipe equal for all that have the same one open
   * @param mode st_mode
   * @param found whether the name still leads to it
   */
  record Fifo(String path, long pipe, int flags, int mode, boolean found) implements FileState {}

  /**
   * A plain file that no name leads to any more, or never did.
   *
   * @param path the name it had; of one in memory, as /proc shows it
   * @param id equal for all that have the same one open
   * @param status its size, permissions and owner
   * @param memory whether it is memfd_create(2)'s
   * @param seals of one in memory
   */
  record Unnamed(
      String path,
      int flags,
      long position,
      FileId id,
      FileStatus status,
      boolean memory,
      int seals)
      implements FileState {}

  /**
   * An end of a pseudo-terminal.
   *
   * @param master whether it is the user's end
   */
  record Tty(PseudoTerminal terminal, TtyState tty, boolean master, int flags)
      implements FileState {}

  /** A socket of unix(7). */
  record Unix(UnixState socket, int flags) implements FileState {}

  /** A TCP or UDP socket. */
  record Inet(InetState socket, int flags) implements FileState {}

  /** A counter of eventfd(2). */
  record Event(long counter, boolean semaphore, int flags) implements FileState {}

  /**
   * A timer of timerfd_create(2).
   *
   * @param ticks expiries not yet read
   * @param left nanoseconds, 0 if it is not set
   * @param interval nanoseconds
   */
  record Timer(int clock, long ticks, long left, long interval, int flags) implements FileState {}

  /** The signals of signalfd(2). */
  record SignalSet(long mask, int flags) implements FileState {}

  /** An epoll(7). */
  record Poll(List<Watched> watched, int flags) implements FileState {}

  /** One file that an epoll watches, by the descriptor it was added with. */
  record Watched(int fd, OpenFile file, int events, long data) {}

  /**
   * An inotify(7).
   *
   * @param watches in the order of their numbers
   * @param next the number that the next new watch gets
   * @param events what nobody has read yet, the first one first
   */
  record Notify(List<Watch> watches, int next, List<Happened> events, int flags)
      implements FileState {}

  /**
   * A file or directory that is being watched.
   *
   * @param number inotify_add_watch(2)'s
   * @param path inside the guest's root
   * @param mask the events, IN_EXCL_UNLINK and IN_ONESHOT
   * @param inode what is watched, as its device has it
   * @param mode its st_mode
   * @param found whether the name still leads to it
   */
  record Watch(
      int number, String path, int mask, long device, long inode, int mode, boolean found) {}

  /**
   * A struct inotify_event.
   *
   * @param watch its number, -1 if it is of none
   * @param name of what is in a watched directory; empty if it is about the watched file itself
   */
  record Happened(int watch, int mask, int cookie, String name) {}

  /**
   * Something that cannot be had again.
   *
   * @param what it is, for the user
   */
  record Unknown(String what, int flags) implements FileState {}
}
