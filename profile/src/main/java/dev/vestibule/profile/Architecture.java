package dev.vestibule.profile;

import dev.vestibule.elf.Elf;
import java.nio.ByteOrder;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** For which instruction set and ABI is a program, and what follows from that for any kernel? */
public enum Architecture {
  PPC(4, ByteOrder.BIG_ENDIAN, Elf.EM_PPC),
  PPC64(8, ByteOrder.BIG_ENDIAN, Elf.EM_PPC64),
  PPC64LE(8, ByteOrder.LITTLE_ENDIAN, Elf.EM_PPC64);

  private final int wordBytes;
  private final ByteOrder order;
  private final int machine;

  Architecture(int wordBytes, ByteOrder order, int machine) {
    this.wordBytes = wordBytes;
    this.order = order;
    this.machine = machine;
  }

  /** The architecture as profiles and qemu-user call it, such as {@code ppc64le}. */
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Size of a pointer in bytes. */
  public int wordBytes() {
    return wordBytes;
  }

  /** Whether pointers have 64 bits. */
  public boolean is64() {
    return wordBytes == 8;
  }

  /** Byte order of data. */
  public ByteOrder order() {
    return order;
  }

  /** EM value of its programs. */
  public int machine() {
    return machine;
  }

  /** The architecture with this {@link #id}, or null. */
  public static @Nullable Architecture of(String id) {
    for (Architecture candidate : values()) {
      if (candidate.id().equals(id)) {
        return candidate;
      }
    }
    return null;
  }

  /** The architecture a program was built for, by its ELF header, or null if there is none. */
  public static @Nullable Architecture of(int machine, boolean is64, ByteOrder order) {
    for (Architecture candidate : values()) {
      if (candidate.machine == machine
          && candidate.is64() == is64
          && candidate.order.equals(order)) {
        return candidate;
      }
    }
    return null;
  }
}
