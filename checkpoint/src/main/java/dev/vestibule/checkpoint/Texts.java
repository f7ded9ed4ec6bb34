package dev.vestibule.checkpoint;

import com.google.protobuf.ByteString;
import java.nio.charset.StandardCharsets;

/**
 * How do the kernel's texts, one char for each byte, stand in images? As their bytes, whatever
 * encoding these may be of.
 */
final class Texts {
  private Texts() {}

  static ByteString bytes(String text) {
    return ByteString.copyFrom(text, StandardCharsets.ISO_8859_1);
  }

  static String text(ByteString bytes) {
    return bytes.toString(StandardCharsets.ISO_8859_1);
  }
}
