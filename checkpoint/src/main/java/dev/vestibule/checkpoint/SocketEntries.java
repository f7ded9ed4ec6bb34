package dev.vestibule.checkpoint;

import dev.vestibule.checkpoint.image.ImageReader.Entry;
import dev.vestibule.checkpoint.schema.FileEntry;
import dev.vestibule.checkpoint.schema.SkOptsEntry;

/** What do the entries of all sockets have in common? States are the kernel's TCP_ numbers. */
final class SocketEntries {
  static final int CONNECTED = 1;
  static final int UNCONNECTED = 7;
  static final int ABANDONED = 8;
  static final int LISTENING = 10;
  static final int READ_SHUT = 1;
  static final int WRITE_SHUT = 2;

  private SocketEntries() {}

  /**
   * The options that every socket has.
   *
   * @param buffer the size of its buffers in bytes
   * @param sendTimeout in nanoseconds, as is the other
   */
  static SkOptsEntry.Builder options(int buffer, long sendTimeout, long receiveTimeout) {
    return SkOptsEntry.newBuilder()
        .setSoSndbuf(buffer)
        .setSoRcvbuf(buffer)
        .setSoSndTmoSec(sendTimeout / Nanos.SECOND)
        .setSoSndTmoUsec(Nanos.micros(sendTimeout))
        .setSoRcvTmoSec(receiveTimeout / Nanos.SECOND)
        .setSoRcvTmoUsec(Nanos.micros(receiveTimeout));
  }

  /** Which directions are shut, as entries say it. */
  static int shut(boolean read, boolean write) {
    return (read ? READ_SHUT : 0) | (write ? WRITE_SHUT : 0);
  }

  /** Checks which directions are shut, and the time limits. */
  static void check(Entry<FileEntry> entry, String socket, int shut, SkOptsEntry options)
      throws ImageException {
    entry.check(
        shut >= 0 && shut <= (READ_SHUT | WRITE_SHUT), socket + ".shutdown", shut + " is none");
    long micros = 1_000_000;
    entry.check(
        Nanos.valid(options.getSoRcvTmoSec(), options.getSoRcvTmoUsec(), micros)
            && Nanos.valid(options.getSoSndTmoSec(), options.getSoSndTmoUsec(), micros),
        socket + ".opts",
        "is no time");
  }

  /** In nanoseconds. */
  static long receiveTimeout(SkOptsEntry options) {
    return Nanos.ofMicros(options.getSoRcvTmoSec(), options.getSoRcvTmoUsec());
  }

  /** In nanoseconds. */
  static long sendTimeout(SkOptsEntry options) {
    return Nanos.ofMicros(options.getSoSndTmoSec(), options.getSoSndTmoUsec());
  }
}
