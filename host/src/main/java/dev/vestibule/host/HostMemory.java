package dev.vestibule.host;

import jdk.internal.misc.Unsafe;

/**
 * What lies at a host address?
 *
 * <p>Unchecked: the caller guarantees that the address is mapped. Nothing outside guest memory and
 * the context records may pass a guest-controlled address here unchecked. Accesses need no
 * alignment except where a method says so. "Reversed" variants exist because the byte order of the
 * guest is a property of the guest, not of the host.
 */
public final class HostMemory {
  private static final Unsafe UNSAFE = Unsafe.getUnsafe();

  private HostMemory() {}

  /** Reads one byte, zero-extended. */
  public static int u8(long address) {
    return UNSAFE.getByte(address) & 0xff;
  }

  public static byte s8(long address) {
    return UNSAFE.getByte(address);
  }

  /** Reads two bytes in little-endian order, sign-extended. */
  public static short s16le(long address) {
    return UNSAFE.getShortUnaligned(null, address, false);
  }

  /** Reads two bytes in big-endian order, sign-extended. */
  public static short s16be(long address) {
    return UNSAFE.getShortUnaligned(null, address, true);
  }

  public static int i32le(long address) {
    return UNSAFE.getIntUnaligned(null, address, false);
  }

  public static int i32be(long address) {
    return UNSAFE.getIntUnaligned(null, address, true);
  }

  public static long i64le(long address) {
    return UNSAFE.getLongUnaligned(null, address, false);
  }

  public static long i64be(long address) {
    return UNSAFE.getLongUnaligned(null, address, true);
  }

  public static void put8(long address, int value) {
    UNSAFE.putByte(address, (byte) value);
  }

  public static void put16le(long address, int value) {
    UNSAFE.putShortUnaligned(null, address, (short) value, false);
  }

  public static void put16be(long address, int value) {
    UNSAFE.putShortUnaligned(null, address, (short) value, true);
  }

  public static void put32le(long address, int value) {
    UNSAFE.putIntUnaligned(null, address, value, false);
  }

  public static void put32be(long address, int value) {
    UNSAFE.putIntUnaligned(null, address, value, true);
  }

  public static void put64le(long address, long value) {
    UNSAFE.putLongUnaligned(null, address, value, false);
  }

  public static void put64be(long address, long value) {
    UNSAFE.putLongUnaligned(null, address, value, true);
  }

  /** Reads eight bytes in the host's order; {@code address} is aligned to 8. */
  public static long slot(long address) {
    return UNSAFE.getLong(address);
  }

  /** Writes eight bytes in the host's order; {@code address} is aligned to 8. */
  public static void putSlot(long address, long value) {
    UNSAFE.putLong(address, value);
  }

  /** Reads eight bytes in the host's order with volatile meaning; aligned to 8. */
  public static long slotVolatile(long address) {
    return UNSAFE.getLongVolatile(null, address);
  }

  public static void putSlotVolatile(long address, long value) {
    UNSAFE.putLongVolatile(null, address, value);
  }

  /** Atomically replaces the 4 bytes at an aligned address; values in the host's order. */
  public static boolean compareAndSet32(long address, int expected, int value) {
    return UNSAFE.compareAndSetInt(null, address, expected, value);
  }

  /** Atomically replaces the 8 bytes at an aligned address; values in the host's order. */
  public static boolean compareAndSet64(long address, long expected, long value) {
    return UNSAFE.compareAndSetLong(null, address, expected, value);
  }

  /** Reads 4 aligned bytes in the host's order with volatile meaning. */
  public static int i32Volatile(long address) {
    return UNSAFE.getIntVolatile(null, address);
  }

  public static void put32Volatile(long address, int value) {
    UNSAFE.putIntVolatile(null, address, value);
  }

  public static void copy(long from, long to, long length) {
    UNSAFE.copyMemory(from, to, length);
  }

  public static void copyIn(byte[] from, int offset, long to, int length) {
    UNSAFE.copyMemory(from, Unsafe.ARRAY_BYTE_BASE_OFFSET + (long) offset, null, to, length);
  }

  public static void copyOut(long from, byte[] to, int offset, int length) {
    UNSAFE.copyMemory(null, from, to, Unsafe.ARRAY_BYTE_BASE_OFFSET + (long) offset, length);
  }

  public static void fill(long address, long length, int value) {
    UNSAFE.setMemory(address, length, (byte) value);
  }

  /** Allocates zeroed memory outside the Java heap, aligned to 16; freed by {@link #free}. */
  public static long allocate(long bytes) {
    long address = UNSAFE.allocateMemory(bytes);
    UNSAFE.setMemory(address, bytes, (byte) 0);
    return address;
  }

  public static void free(long address) {
    UNSAFE.freeMemory(address);
  }

  public static void fullFence() {
    UNSAFE.fullFence();
  }

  /** Orders earlier loads before later loads and stores, and earlier stores before later stores. */
  public static void lightFence() {
    UNSAFE.loadFence();
    UNSAFE.storeFence();
  }
}
