package dev.vestibule.checkpoint.fuzz;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * What might somebody do to a set of images? Bytes change, files end early, go on, are swapped or
 * missing, entries come twice or in another order or claim another length, and fields of their
 * messages, in any depth, take values of other fields, of limits, of their neighbours. So
 * references lead elsewhere, mappings overlap, and processes become their own parents.
 */
final class Mutator {
  private static final long[] VALUES = {
    0,
    1,
    2,
    3,
    4,
    7,
    8,
    9,
    64,
    255,
    4095,
    4096,
    65535,
    65536,
    1L << 20,
    Integer.MAX_VALUE,
    1L << 31,
    (1L << 32) - 1,
    1L << 32,
    1L << 47,
    1L << 63,
    Long.MAX_VALUE,
    -1,
    -2,
    -4096
  };

  private final Random random;
  private final List<Long> seen = new ArrayList<>();

  Mutator(Random random) {
    this.random = random;
  }

  /** Another set of images, with a change or some. */
  Map<String, byte[]> mutate(Map<String, byte[]> images) {
    Map<String, byte[]> changed = new TreeMap<>(images);
    for (int left = random.nextInt(4) == 0 ? 1 + random.nextInt(4) : 1; left > 0; left--) {
      List<String> names = new ArrayList<>(changed.keySet());
      names.removeIf(name -> name.startsWith("pages-") && random.nextInt(16) != 0);
      if (names.isEmpty()) {
        break;
      }
      change(changed, names);
    }
    return changed;
  }

  private void change(Map<String, byte[]> images, List<String> names) {
    String name = names.get(random.nextInt(names.size()));
    byte[] old = images.get(name);
    String other = names.get(random.nextInt(names.size()));
    switch (random.nextInt(32)) {
      case 0 -> images.put(name, images.get(other));
      case 1 -> {
        images.put(name, images.get(other));
        images.put(other, old);
      }
      case 2 -> images.remove(name);
      case 3 -> images.put(name, Arrays.copyOf(old, random.nextInt(old.length + 1)));
      case 4 -> images.put(name, Arrays.copyOf(old, old.length + 1 + random.nextInt(40)));
      case 5, 6, 7, 8, 9 -> images.put(name, bytes(old));
      default -> images.put(name, name.startsWith("pages-") ? bytes(old) : entries(name, old));
    }
  }

  private byte[] bytes(byte[] old) {
    byte[] changed = old.clone();
    for (int left = 1 + random.nextInt(3); left > 0 && changed.length > 0; left--) {
      int at = random.nextInt(changed.length);
      changed[at] =
          random.nextBoolean()
              ? (byte) random.nextInt()
              : (byte) (changed[at] ^ 1 << random.nextInt(8));
    }
    return changed;
  }

  // ---- entries: a length word, then a message
  // -----------------------------------------------------

  private byte[] entries(String name, byte[] old) {
    int first = name.equals("inventory.img") ? 4 : 8;
    ByteBuffer in = ByteBuffer.wrap(old).order(ByteOrder.LITTLE_ENDIAN);
    List<byte[]> entries = new ArrayList<>();
    int at = first;
    while (at + 4 <= old.length) {
      int length = in.getInt(at);
      if (length < 0 || length > old.length - at - 4) {
        break;
      }
      entries.add(Arrays.copyOfRange(old, at + 4, at + 4 + length));
      at += 4 + length;
    }
    if (entries.isEmpty()) {
      return bytes(old);
    }
    byte[] rest = Arrays.copyOfRange(old, at, old.length);
    int which = random.nextInt(entries.size());
    int lie = 0;
    switch (random.nextInt(24)) {
      case 0 -> entries.remove(which);
      case 1 -> entries.add(which, entries.get(random.nextInt(entries.size())));
      case 2 -> Collections.swap(entries, which, random.nextInt(entries.size()));
      case 3 -> lie = random.nextBoolean() ? random.nextInt(9) - 4 : random.nextInt();
      default -> entries.set(which, message(entries.get(which), 6));
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(old, 0, Math.min(first, old.length));
    for (int i = 0; i < entries.size(); i++) {
      byte[] entry = entries.get(i);
      int length = entry.length + (i == which ? lie : 0);
      out.writeBytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(length).array());
      out.writeBytes(entry);
    }
    out.writeBytes(rest);
    return out.toByteArray();
  }

  // ---- messages: fields of Protocol Buffers' wire format
  // ------------------------------------------

  private static final int VARINT = 0;
  private static final int BYTES = 2;

  /** A field: its key's number and type, and a number or bytes. */
  private record Field(long number, int type, long value, byte[] bytes) {
    Field with(long other) {
      return new Field(number, type, other, bytes);
    }

    Field with(byte[] other) {
      return new Field(number, type, value, other);
    }
  }

  private byte[] message(byte[] old, int depth) {
    List<Field> fields = parse(old);
    if (fields.isEmpty()) {
      return bytes(old);
    }
    fields.forEach(field -> remember(field.value));
    int which = random.nextInt(fields.size());
    Field field = fields.get(which);
    switch (random.nextInt(12)) {
      case 0 -> fields.remove(which);
      case 1 -> fields.add(field);
      case 2 ->
          fields.set(which, new Field(random.nextInt(24), field.type, field.value, field.bytes));
      case 3 -> Collections.swap(fields, which, random.nextInt(fields.size()));
      default ->
          fields.set(
              which,
              field.type == BYTES
                  ? field.with(content(field.bytes, depth))
                  : field.with(value(field.value)));
    }
    return write(fields);
  }

  private void remember(long value) {
    if (seen.size() < 4096) {
      seen.add(value);
    } else {
      seen.set(random.nextInt(seen.size()), value);
    }
  }

  private long value(long old) {
    return switch (random.nextInt(5)) {
      case 0 -> old + (random.nextBoolean() ? 1 : -1);
      case 1 -> old ^ 1L << random.nextInt(64);
      case 2 -> seen.get(random.nextInt(seen.size()));
      case 3 -> old + (random.nextInt(33) - 16 << 12);
      default -> VALUES[random.nextInt(VALUES.length)];
    };
  }

  private byte[] content(byte[] old, int depth) {
    if (depth > 0 && random.nextInt(8) != 0 && !parse(old).isEmpty()) {
      return message(old, depth - 1);
    }
    return switch (random.nextInt(4)) {
      case 0 -> new byte[0];
      case 1 -> new byte[random.nextInt(6000)];
      case 2 -> Arrays.copyOf(old, random.nextInt(old.length + 8));
      default -> old.length == 0 ? new byte[1] : bytes(old);
    };
  }

  /** The fields of a message; none if the bytes are no message. */
  private static List<Field> parse(byte[] message) {
    List<Field> fields = new ArrayList<>();
    ByteBuffer in = ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN);
    while (in.hasRemaining()) {
      long key = varint(in);
      int type = (int) key & 7;
      if (key < 8 || type != VARINT && type != BYTES) {
        return List.of();
      }
      long value = in.hasRemaining() ? varint(in) : -1;
      if (type == BYTES && (value < 0 || value > in.remaining())) {
        return List.of();
      }
      byte[] bytes = new byte[type == BYTES ? (int) value : 0];
      in.get(bytes);
      fields.add(new Field(key >>> 3, type, value, bytes));
    }
    return fields;
  }

  private static long varint(ByteBuffer in) {
    long value = 0;
    for (int shift = 0; in.hasRemaining() && shift < 64; shift += 7) {
      byte next = in.get();
      value |= (next & 0x7fL) << shift;
      if (next >= 0) {
        return value;
      }
    }
    return -1;
  }

  private static byte[] write(List<Field> fields) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (Field field : fields) {
      writeVarint(out, field.number << 3 | field.type);
      writeVarint(out, field.type == BYTES ? field.bytes.length : field.value);
      out.writeBytes(field.bytes);
    }
    return out.toByteArray();
  }

  private static void writeVarint(ByteArrayOutputStream out, long value) {
    long rest = value;
    while ((rest & ~0x7fL) != 0) {
      out.write((int) (rest & 0x7f | 0x80));
      rest >>>= 7;
    }
    out.write((int) rest);
  }
}
