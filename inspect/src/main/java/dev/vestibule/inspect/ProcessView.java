package dev.vestibule.inspect;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What can be seen of a process from outside? One view of a live process of the host, one of a core
 * file, or whatever else has memory and an auxiliary vector.
 */
public interface ProcessView {
  /**
   * One mapping.
   *
   * @param permissions as in /proc/PID/maps, such as {@code r-xp}
   * @param anonymous whether no file is behind it
   * @param name as in /proc/PID/maps; empty without one
   */
  record Mapping(long start, long end, String permissions, boolean anonymous, String name) {
    /** Whether an address lies in it. */
    public boolean holds(long address) {
      return Long.compareUnsigned(address, start) >= 0 && Long.compareUnsigned(address, end) < 0;
    }

    /**
     * A line of maps: range, permissions, offset, device, inode, name; a name may have spaces. Null
     * if it is none.
     */
    public static @Nullable Mapping parse(String line) {
      String[] words = line.split(" +", 6);
      String[] range = words[0].split("-", 2);
      if (words.length < 5 || range.length < 2) {
        return null;
      }
      try {
        return new Mapping(
            Long.parseUnsignedLong(range[0], 16),
            Long.parseUnsignedLong(range[1], 16),
            words[1],
            words[4].equals("0"),
            words.length == 6 ? words[5] : "");
      } catch (NumberFormatException e) {
        return null;
      }
    }
  }

  /** Page frame numbers that are none. */
  long UNKNOWN_FRAME = 0;

  /** The name the user knows the process by. */
  String name();

  /** The mappings in address order. */
  List<Mapping> mappings() throws InspectException;

  /** Whether mappings have names here at all. */
  boolean hasNames();

  /** The auxiliary vector: type -> value (getauxval(3)). */
  Map<Long, Long> auxiliaryVector() throws InspectException;

  /** Memory from an address on; fewer bytes, or none, where it cannot be read. */
  byte[] read(long address, int length);

  /** The number of the page frame behind an address, {@link #UNKNOWN_FRAME} if it is not told. */
  long pageFrame(long address);

  /** The release of its kernel, as uname(2) has it; empty if unknown. */
  String kernel();

  /** System calls made so far, those that close its files included. */
  int calls();
}
