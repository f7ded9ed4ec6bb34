package dev.vestibule.kernel.abi;

import static dev.vestibule.kernel.Errno.E2BIG;
import static dev.vestibule.kernel.Errno.ENAMETOOLONG;

import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.host.HostMemory;
import dev.vestibule.kernel.Failure;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;

/**
 * Which text lies at a guest address? File names and arguments are bytes to Linux; here a {@link
 * String} has one char, 0..255, for each byte, so nothing is lost whatever the encoding.
 */
public final class GuestText {
  /** One char for one byte. */
  public static final Charset BYTES = StandardCharsets.ISO_8859_1;

  /** PATH_MAX, the NUL included. */
  public static final int PATH_MAX = 4096;

  private GuestText() {}

  /** Reads a file name; ENAMETOOLONG from 4096 bytes on. */
  public static String path(GuestMemory memory, long address) {
    return read(memory, address, PATH_MAX, ENAMETOOLONG);
  }

  /** Reads an argument of exec; E2BIG beyond {@code limit} bytes. */
  public static String argument(GuestMemory memory, long address, int limit) {
    return read(memory, address, limit, E2BIG);
  }

  private static String read(GuestMemory memory, long address, int limit, int tooLong) {
    StringBuilder text = new StringBuilder();
    long at = address;
    while (text.length() < limit) {
      int room = GuestMemory.PAGE_SIZE - (int) (at & (GuestMemory.PAGE_SIZE - 1));
      int piece = Math.min(room, limit - text.length());
      long host = memory.loadable(at, 1);
      for (int i = 0; i < piece; i++) {
        int c = HostMemory.u8(host + i);
        if (c == 0) {
          return text.toString();
        }
        text.append((char) c);
      }
      at += piece;
    }
    throw new Failure(tooLong);
  }

  /** The bytes of a text with a NUL behind it. */
  public static byte[] bytes(String text) {
    byte[] bytes = new byte[text.length() + 1];
    byte[] content = text.getBytes(BYTES);
    System.arraycopy(content, 0, bytes, 0, content.length);
    return bytes;
  }

  /** Guest text of a Java string that came from the host's command line. */
  public static String fromHost(String text) {
    return new String(text.getBytes(StandardCharsets.UTF_8), BYTES);
  }

  /** A guest text as it is shown to people. */
  public static String toHost(String text) {
    return new String(text.getBytes(BYTES), StandardCharsets.UTF_8);
  }
}
