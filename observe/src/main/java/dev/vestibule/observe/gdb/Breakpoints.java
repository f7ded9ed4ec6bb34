package dev.vestibule.observe.gdb;

import dev.vestibule.kernel.memory.AddressSpace;
import dev.vestibule.kernel.trace.TracedMemory;
import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;

/**
 * Where has gdb planted trap instructions, and what was there before? Each address space has its
 * own; what gdb reads shows none of them.
 */
final class Breakpoints {
  private static final int MOST = 4096;

  private final Map<AddressSpace, Map<Long, byte[]>> planted = new IdentityHashMap<>();

  private Map<Long, byte[]> in(AddressSpace space) {
    return planted.computeIfAbsent(space, s -> new HashMap<>());
  }

  /** Plants one; false if the memory cannot be written. */
  boolean insert(AddressSpace space, long address, byte[] trap) {
    Map<Long, byte[]> here = in(space);
    if (here.containsKey(address)) {
      return true;
    }
    byte[] saved = new byte[trap.length];
    if (here.size() >= MOST
        || TracedMemory.read(space, address, saved, 0, saved.length) != saved.length
        || TracedMemory.write(space, address, trap, 0, trap.length) != trap.length) {
      return false;
    }
    here.put(address, saved);
    return true;
  }

  /** Takes one away, if it is there. */
  void remove(AddressSpace space, long address) {
    byte[] saved = in(space).remove(address);
    if (saved != null) {
      TracedMemory.write(space, address, saved, 0, saved.length);
    }
  }

  void removeAll(AddressSpace space) {
    for (Long address : Map.copyOf(in(space)).keySet()) {
      remove(space, address);
    }
    planted.remove(space);
  }

  boolean at(AddressSpace space, long address) {
    return in(space).containsKey(address);
  }

  /** A forked process has the same traps in a memory of its own. */
  void copy(AddressSpace from, AddressSpace to) {
    if (from != to) {
      in(to).putAll(in(from));
    }
  }

  /** An address space is gone: exec, exit. */
  void forget(AddressSpace space) {
    planted.remove(space);
  }

  /** Shows bytes that were read as they are without traps. */
  void hide(AddressSpace space, long address, byte[] bytes, int length) {
    in(space)
        .forEach((at, saved) -> {
          for (int i = 0; i < saved.length; i++) {
            long index = at + i - address;
            if (index >= 0 && index < length) {
              bytes[(int) index] = saved[i];
            }
          }
        });
  }

  /** Writes bytes beneath the traps. */
  int write(AddressSpace space, long address, byte[] bytes) {
    byte[] merged = Arrays.copyOf(bytes, bytes.length);
    in(space)
        .forEach((at, saved) -> {
          for (int i = 0; i < saved.length; i++) {
            long index = at + i - address;
            if (index >= 0 && index < bytes.length) {
              byte[] trap = new byte[1];
              TracedMemory.read(space, at + i, trap, 0, 1);
              saved[i] = bytes[(int) index];
              merged[(int) index] = trap[0];
            }
          }
        });
    return TracedMemory.write(space, address, merged, 0, merged.length);
  }
}
