package dev.vestibule.elf;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** Collects the names of a string section; equal names share their bytes. */
final class StringTable {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final Map<String, Integer> offsets = new HashMap<>();

  StringTable() {
    add("");
  }

  int add(String name) {
    if (name.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("a name holds a NUL character");
    }
    Integer known = offsets.get(name);
    if (known != null) {
      return known;
    }
    int at = bytes.size();
    bytes.writeBytes(name.getBytes(StandardCharsets.UTF_8));
    bytes.write(0);
    offsets.put(name, at);
    return at;
  }

  byte[] toByteArray() {
    return bytes.toByteArray();
  }
}
