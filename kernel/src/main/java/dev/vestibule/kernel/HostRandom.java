package dev.vestibule.kernel;

import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;
import java.util.Random;

/**
 * Which random numbers does the host's kernel give (getrandom(2))?
 *
 * <p>Not {@link java.security.SecureRandom}: looking for its provider takes a third of a start.
 */
final class HostRandom extends Random {
  private static final long serialVersionUID = 1;

  /** As many bytes as one call gives without stopping short. */
  private static final int AT_ONCE = 256;

  @Override
  public void nextBytes(byte[] bytes) {
    long buffer = HostMemory.allocate(AT_ONCE);
    try {
      for (int done = 0; done < bytes.length; done += AT_ONCE) {
        int length = Math.min(AT_ONCE, bytes.length - done);
        if (Libc.syscall(HostCalls.GETRANDOM, buffer, length) != length) {
          throw new IllegalStateException("the host gives no random bytes");
        }
        HostMemory.copyOut(buffer, bytes, done, length);
      }
    } finally {
      HostMemory.free(buffer);
    }
  }

  @Override
  protected int next(int bits) {
    byte[] four = new byte[Integer.BYTES];
    nextBytes(four);
    int value = 0;
    for (byte b : four) {
      value = value << 8 | b & 0xff;
    }
    return value >>> (Integer.SIZE - bits);
  }
}
