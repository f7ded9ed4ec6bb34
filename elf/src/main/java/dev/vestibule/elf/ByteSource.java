package dev.vestibule.elf;

/** Where do the bytes of a file come from, when it is too early or too costly to read all of it? */
@FunctionalInterface
public interface ByteSource {
  /**
   * Reads up to {@code length} bytes at a file offset, like pread(2).
   *
   * @return the number of bytes read; fewer than asked for, or zero or less, at the end of the file
   */
  int read(long offset, byte[] into, int position, int length);

  /** A source over an array; the array is not copied. */
  static ByteSource of(byte[] bytes) {
    return new ArraySource(bytes);
  }

  /** A source over an array. */
  @SuppressWarnings("ArrayRecordComponent")
  record ArraySource(byte[] bytes) implements ByteSource {
    @Override
    public int read(long offset, byte[] into, int position, int length) {
      if (offset < 0 || offset >= bytes.length) {
        return 0;
      }
      int count = (int) Math.min(length, bytes.length - offset);
      System.arraycopy(bytes, (int) offset, into, position, count);
      return count;
    }
  }
}
