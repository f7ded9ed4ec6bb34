package dev.vestibule.cpu.power;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The pattern table as the generator of random instructions sees it. */
final class Table {
  /**
   * A field of an instruction word: the bits of its parts from the left, most significant first.
   */
  record Field(String name, List<int[]> parts, int mask) {
    static Field parse(String text) {
      String name = text.substring(0, text.indexOf('='));
      String bits = text.substring(text.indexOf('=') + 1).replaceFirst("s?(<<\\d+)?$", "");
      List<int[]> parts = new ArrayList<>();
      int mask = 0;
      for (String part : bits.split(",", -1)) {
        String[] ends = part.split("-", -1);
        int first = Integer.parseInt(ends[0]);
        int last = Integer.parseInt(ends[ends.length - 1]);
        parts.add(new int[] {first, last});
        mask |= (int) ((1L << last - first + 1) - 1 << 31 - last);
      }
      return new Field(name, parts, mask);
    }

    int insert(int word, int value) {
      int result = word & ~mask;
      int left = Integer.bitCount(mask);
      for (int[] part : parts) {
        int width = part[1] - part[0] + 1;
        left -= width;
        result |= (value >>> left & (int) ((1L << width) - 1)) << 31 - part[1];
      }
      return result;
    }

    int extract(int word) {
      int value = 0;
      for (int[] part : parts) {
        int width = part[1] - part[0] + 1;
        value = value << width | word >>> 31 - part[1] & (int) ((1L << width) - 1);
      }
      return value;
    }
  }

  /** One row; {@code name} is that of the declaring method, without its class. */
  record Row(int number, String owner, String name, int mask, int value, List<Field> operands) {
    boolean has(String field) {
      return operands.stream().anyMatch(f -> f.name().equals(field));
    }

    Field field(String field) {
      return operands.stream().filter(f -> f.name().equals(field)).findFirst().orElseThrow();
    }
  }

  static final List<Row> ROWS = rows();

  private Table() {}

  private static List<Row> rows() {
    Map<String, Field> fields = new HashMap<>();
    for (String text : PowerDecoder.Rows.FIELDS) {
      Field field = Field.parse(text);
      fields.put(field.name(), field);
    }
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < PowerDecoder.Rows.MASK.length; i++) {
      String[] method = PowerDecoder.Rows.METHOD[i].split("\\.", -1);
      List<Field> operands = new ArrayList<>();
      for (String name : PowerDecoder.Rows.OPERANDS[i].split(" ", -1)) {
        if (!name.isEmpty()) {
          operands.add(fields.get(name));
        }
      }
      rows.add(
          new Row(
              i,
              method[0],
              method[1],
              PowerDecoder.Rows.MASK[i],
              PowerDecoder.Rows.VALUE[i],
              List.copyOf(operands)));
    }
    return List.copyOf(rows);
  }

  /** The row of a word, or null. */
  static @org.jspecify.annotations.Nullable Row of(int word) {
    int row = PowerDecoder.decode(word);
    return row < 0 ? null : ROWS.get(row);
  }

  /** One line: the word, the mnemonic's pattern and the fields' values. */
  static String show(int word) {
    Row row = of(word);
    if (row == null) {
      return "%08x".formatted(word);
    }
    StringBuilder text = new StringBuilder("%08x  ".formatted(word));
    text.append(PowerDecoder.Rows.ASM[row.number()]).append("   ");
    for (Field field : row.operands()) {
      text.append(' ').append(field.name()).append('=').append(field.extract(word));
    }
    return text.toString();
  }
}
