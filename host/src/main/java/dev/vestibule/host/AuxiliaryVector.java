package dev.vestibule.host;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/** What did the host's kernel tell this process at its start? See getauxval(3). */
public final class AuxiliaryVector {
  private AuxiliaryVector() {}

  /** The value of an entry; 0 if there is none of that type. */
  public static long value(long type) {
    try {
      byte[] bytes = Files.readAllBytes(Path.of("/proc/self/auxv"));
      ByteBuffer pairs = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
      while (pairs.remaining() >= 16) {
        long key = pairs.getLong();
        long value = pairs.getLong();
        if (key == type) {
          return value;
        }
      }
    } catch (IOException e) {
      return 0; // no /proc
    }
    return 0;
  }
}
