package dev.vestibule.kernel.file;

import dev.vestibule.cpu.GuestFault;
import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.host.HostMemory;
import java.util.Arrays;

/**
 * Which bytes does an input or output operation fill or empty?
 *
 * <p>A list of stretches of host memory that the guest may access: guest memory is contiguous on
 * the host, so data moves between files and guests without a copy in between. A stretch ends at the
 * first byte the guest must not access; only if there is none before it does a fault arise, as when
 * Linux copies piece by piece.
 */
public final class IoVector {
  private long[] addresses = new long[1];
  private int[] lengths = new int[1];
  private int count;
  private long total;
  private boolean complete = true;

  private IoVector() {}

  /** Linux's limit for one transfer: 2^31 - 4096 bytes. */
  public static final int MOST = 0x7ffff000;

  /** Guest bytes an operation may fill. */
  public static IoVector writable(GuestMemory memory, long address, long length) {
    IoVector vector = new IoVector();
    vector.add(memory, address, length, true);
    return vector;
  }

  /** Guest bytes an operation may take. */
  public static IoVector readable(GuestMemory memory, long address, long length) {
    IoVector vector = new IoVector();
    vector.add(memory, address, length, false);
    return vector;
  }

  /** Bytes of the kernel's own, outside the Java heap. */
  public static IoVector host(long address, int length) {
    IoVector vector = new IoVector();
    vector.append(address, length);
    return vector;
  }

  /** An empty list to be filled by {@link #add}. */
  public static IoVector empty() {
    return new IoVector();
  }

  /**
   * Appends guest bytes; nothing more is appended behind a stretch that was cut.
   *
   * @param length bytes, unsigned; what is beyond {@link #MOST} is left out
   * @throws GuestFault if the first byte of the whole list is not accessible
   */
  public void add(GuestMemory memory, long address, long length, boolean store) {
    long room = MOST - total;
    long left = length < 0 ? room : Math.min(length, room);
    if (!complete || left <= 0) {
      return;
    }
    int wanted = (int) left;
    int need = store ? GuestMemory.STORE_OK : GuestMemory.LOAD_OK;
    try {
      append(memory.checkedSlowly(address, wanted, need), wanted);
    } catch (GuestFault fault) {
      long good = fault.address() - (address & memory.addressMask());
      complete = false;
      if (good > 0) {
        append(memory.checkedSlowly(address, (int) good, need), (int) good);
      } else if (total == 0) {
        throw fault;
      }
    }
  }

  private void append(long address, int length) {
    if (count == addresses.length) {
      addresses = Arrays.copyOf(addresses, count * 2);
      lengths = Arrays.copyOf(lengths, count * 2);
    }
    addresses[count] = address;
    lengths[count++] = length;
    total += length;
  }

  /** Bytes in all stretches. */
  public int total() {
    return (int) total;
  }

  /** Number of stretches. */
  public int count() {
    return count;
  }

  /** Host address of a stretch. */
  public long address(int index) {
    return addresses[index];
  }

  public int length(int index) {
    return lengths[index];
  }

  /** Copies bytes into the list from position {@code at} on; returns how many fitted. */
  public int put(int at, byte[] from, int offset, int length) {
    int done = 0;
    int skip = at;
    for (int i = 0; i < count && done < length; i++) {
      if (skip >= lengths[i]) {
        skip -= lengths[i];
        continue;
      }
      int piece = Math.min(lengths[i] - skip, length - done);
      HostMemory.copyIn(from, offset + done, addresses[i] + skip, piece);
      done += piece;
      skip = 0;
    }
    return done;
  }

  /** Copies bytes out of the list from position {@code at} on; returns how many there were. */
  public int get(int at, byte[] to, int offset, int length) {
    int done = 0;
    int skip = at;
    for (int i = 0; i < count && done < length; i++) {
      if (skip >= lengths[i]) {
        skip -= lengths[i];
        continue;
      }
      int piece = Math.min(lengths[i] - skip, length - done);
      HostMemory.copyOut(addresses[i] + skip, to, offset + done, piece);
      done += piece;
      skip = 0;
    }
    return done;
  }
}
