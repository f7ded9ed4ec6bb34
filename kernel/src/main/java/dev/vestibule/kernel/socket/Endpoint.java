package dev.vestibule.kernel.socket;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Which port of which address is it? An IPv4 address is the one of IPv6 that it is mapped to, so
 * that both ends of a connection between the families agree.
 *
 * @param high the upper half of the IPv6 address
 */
public record Endpoint(long high, long low, int port) {
  private static final int MAPPED = 0xffff;
  private static final int SIZE_4 = 16;
  private static final int SIZE_6 = 28;

  /** No address, no port. */
  public static final Endpoint NONE = new Endpoint(0, 0, 0);

  /** The end that a struct sockaddr names; {@link #NONE} for one of another family. */
  static Endpoint of(byte[] address) {
    ByteBuffer bytes = ByteBuffer.wrap(address).order(ByteOrder.BIG_ENDIAN);
    int family = address.length < 2 ? 0 : address[0] & 0xff;
    if (family == Socket.AF_INET && address.length >= 8) {
      return ofInt(bytes.getInt(4), bytes.getShort(2) & 0xffff);
    }
    if (family == Socket.AF_INET6 && address.length >= 24) {
      return new Endpoint(bytes.getLong(8), bytes.getLong(16), bytes.getShort(2) & 0xffff);
    }
    return NONE;
  }

  /** The end with an IPv4 address. */
  public static Endpoint ofInt(int address, int port) {
    return new Endpoint(0, (long) MAPPED << 32 | Integer.toUnsignedLong(address), port);
  }

  /** Whether it has an IPv4 address. */
  public boolean mapped() {
    return high == 0 && low >>> 32 == MAPPED;
  }

  /** Whether it means any address. */
  public boolean anyAddress() {
    return high == 0 && (low == 0 || mapped() && (int) low == 0);
  }

  /** The struct sockaddr of a family; AF_INET can only have mapped addresses. */
  byte[] address(int family) {
    ByteBuffer bytes = ByteBuffer.allocate(family == Socket.AF_INET ? SIZE_4 : SIZE_6);
    bytes.put(0, (byte) family).putShort(2, (short) port);
    if (family == Socket.AF_INET) {
      return bytes.putInt(4, (int) low).array();
    }
    return bytes.putLong(8, high).putLong(16, low).array();
  }

  /** As users write it. */
  public String text() {
    if (mapped()) {
      int word = (int) low;
      return "%d.%d.%d.%d:%d"
          .formatted(word >>> 24, word >>> 16 & 0xff, word >>> 8 & 0xff, word & 0xff, port);
    }
    StringBuilder words = new StringBuilder();
    for (int i = 0; i < 8; i++) {
      long half = i < 4 ? high : low;
      words.append(i == 0 ? "" : ":").append(Long.toHexString(half >>> 48 - 16 * (i & 3) & 0xffff));
    }
    String text = words.toString();
    return "[%s]:%d"
        .formatted(text.startsWith("0:0:0:0:0:0:0:") ? "::" + text.substring(14) : text, port);
  }
}
