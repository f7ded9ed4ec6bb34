package dev.vestibule.kernel.abi;

import dev.vestibule.cpu.GuestMemory;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** What are the bytes of a C structure in the guest's byte order and word size? */
public final class Struct {
  private static final VarHandle S_LE = view(short[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle S_BE = view(short[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle I_LE = view(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle I_BE = view(int[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle L_LE = view(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle L_BE = view(long[].class, ByteOrder.BIG_ENDIAN);

  private final byte[] bytes;
  private final int wordSize;
  private final boolean big;

  Struct(int size, int wordSize, boolean big) {
    this.bytes = new byte[size];
    this.wordSize = wordSize;
    this.big = big;
  }

  private static VarHandle view(Class<?> array, ByteOrder order) {
    return MethodHandles.byteArrayViewVarHandle(array, order);
  }

  public byte[] bytes() {
    return bytes;
  }

  public int u8(int offset) {
    return bytes[offset] & 0xff;
  }

  public int u16(int offset) {
    return (short) (big ? S_BE : S_LE).get(bytes, offset) & 0xffff;
  }

  public int i32(int offset) {
    return (int) (big ? I_BE : I_LE).get(bytes, offset);
  }

  public long u32(int offset) {
    return i32(offset) & 0xffff_ffffL;
  }

  public long i64(int offset) {
    return (long) (big ? L_BE : L_LE).get(bytes, offset);
  }

  /** An unsigned long or pointer. */
  public long word(int offset) {
    return wordSize == 8 ? i64(offset) : u32(offset);
  }

  /** A signed long. */
  public long signedWord(int offset) {
    return wordSize == 8 ? i64(offset) : i32(offset);
  }

  public Struct put8(int offset, int value) {
    bytes[offset] = (byte) value;
    return this;
  }

  public Struct put16(int offset, int value) {
    (big ? S_BE : S_LE).set(bytes, offset, (short) value);
    return this;
  }

  public Struct put32(int offset, int value) {
    (big ? I_BE : I_LE).set(bytes, offset, value);
    return this;
  }

  public Struct put64(int offset, long value) {
    (big ? L_BE : L_LE).set(bytes, offset, value);
    return this;
  }

  public Struct putWord(int offset, long value) {
    return wordSize == 8 ? put64(offset, value) : put32(offset, (int) value);
  }

  /** Copies the structure to the guest. */
  public void store(GuestMemory memory, long address) {
    memory.write(address, bytes, 0, bytes.length);
  }

  /** Copies the first bytes of the structure to the guest. */
  public void store(GuestMemory memory, long address, int length) {
    memory.write(address, bytes, 0, Math.min(length, bytes.length));
  }
}
