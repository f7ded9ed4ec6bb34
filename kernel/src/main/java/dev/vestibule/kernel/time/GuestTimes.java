package dev.vestibule.kernel.time;

import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.GuestAbi;

/**
 * Which time do a guest's struct timespec and struct timeval hold? Times are nanoseconds here; what
 * a long cannot hold is {@link #FOREVER}.
 */
public final class GuestTimes {
  /** Later than any time that comes. */
  public static final long FOREVER = Long.MAX_VALUE;

  public static final long SECOND = 1_000_000_000L;
  private static final long MICROSECOND = 1000;
  private static final long MOST_SECONDS = Long.MAX_VALUE / SECOND - 1;

  /** How wide are the fields? */
  public enum Form {
    /** The guest's own word. */
    WORD,
    /** 64 bits on every guest: the {@code _time64} calls. */
    WIDE;

    /** Bytes of one field. */
    public int field(GuestAbi abi) {
      return this == WIDE ? 8 : abi.wordSize();
    }

    /** Bytes of a struct timespec or timeval. */
    public int size(GuestAbi abi) {
      return 2 * field(abi);
    }
  }

  private GuestTimes() {}

  /**
   * Reads a struct timespec.
   *
   * @throws Failure EINVAL if it is negative or its nanoseconds are no part of a second
   */
  public static long timespec(Task t, long address, Form form) {
    return load(t, address, form, SECOND, 1, false);
  }

  /** Reads a struct timespec that may lie before 1970. */
  public static long signedTimespec(Task t, long address, Form form) {
    return load(t, address, form, SECOND, 1, true);
  }

  /** Reads a struct timeval; see {@link #timespec}. */
  public static long timeval(Task t, long address) {
    return load(t, address, Form.WORD, SECOND / MICROSECOND, MICROSECOND, false);
  }

  private static long load(
      Task t, long address, Form form, long partsPerSecond, long unit, boolean signed) {
    GuestMemory memory = t.memory();
    boolean wide = form.field(t.abi()) == 8;
    long seconds = wide ? memory.load64(address) : memory.load32(address);
    long parts = wide ? memory.load64(address + 8) : memory.load32(address + 4);
    if (form == Form.WIDE && !t.abi().wide()) {
      parts = (int) parts; // a 32-bit C library leaves the upper half undefined
    }
    if (parts < 0 || parts >= partsPerSecond || seconds < 0 && !signed) {
      throw new Failure(Errno.EINVAL);
    }
    if (seconds > MOST_SECONDS) {
      return FOREVER;
    }
    return Math.max(seconds, -MOST_SECONDS) * SECOND + parts * unit;
  }

  /** Writes a struct timespec. */
  public static void storeTimespec(Task t, long address, Form form, long nanos) {
    store(t, address, form, nanos, 1);
  }

  /** Writes a struct timeval. */
  public static void storeTimeval(Task t, long address, long nanos) {
    store(t, address, Form.WORD, nanos, MICROSECOND);
  }

  private static void store(Task t, long address, Form form, long nanos, long unit) {
    GuestMemory memory = t.memory();
    long seconds = Math.floorDiv(nanos, SECOND);
    long parts = Math.floorMod(nanos, SECOND) / unit;
    if (form.field(t.abi()) == 8) {
      memory.storable(address, 16);
      memory.store64(address, seconds);
      memory.store64(address + 8, parts);
    } else {
      memory.storable(address, 8);
      memory.store32(address, (int) seconds);
      memory.store32(address + 4, (int) parts);
    }
  }

  /** The sum of two times, FOREVER where it would be later. */
  public static long sum(long a, long b) {
    long sum = a + b;
    return b > 0 && sum < a ? FOREVER : sum;
  }
}
