package dev.vestibule.cpu.power;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** How is each row of the instruction table written? The rows' assembler syntax, taken apart. */
final class Syntax {
  /** What an operand denotes, which decides how it is written. */
  enum Kind {
    GPR("r", 31),
    FPR("f", 31),
    VR("v", 31),
    VSR("vs", 63),
    CR_FIELD("cr", 7),
    CR_BIT("", 31),
    TARGET("", 0),
    NUMBER("", 0);

    final String prefix;
    final int last;

    Kind(String prefix, int last) {
      this.prefix = prefix;
      this.last = last;
    }

    static Kind of(String field) {
      return switch (field) {
        case "rt", "rs", "ra", "rb" -> GPR;
        case "frt", "frs", "fra", "frb", "frc" -> FPR;
        case "vrt", "vrs", "vra", "vrb", "vrc" -> VR;
        case "xt", "xs", "xa", "xb", "xc" -> VSR;
        case "bf", "bfa" -> CR_FIELD;
        case "bt", "ba", "bb", "bi", "bc" -> CR_BIT;
        case "bd", "li" -> TARGET;
        default -> NUMBER;
      };
    }
  }

  /** A field of the instruction word; parts are (first, last) bits, the most significant first. */
  record Field(String name, Kind kind, int[][] parts, boolean signed, int shift) {
    int width() {
      int width = 0;
      for (int[] part : parts) {
        width += part[1] - part[0] + 1;
      }
      return width;
    }

    int mask() {
      return place(-1);
    }

    /** The value in a word, with its implied shift. */
    int extract(int word) {
      int value = 0;
      for (int[] part : parts) {
        int bits = part[1] - part[0] + 1;
        value = value << bits | word >>> 31 - part[1] & (1 << bits) - 1;
      }
      if (signed) {
        int unused = 32 - width();
        value = value << unused >> unused;
      }
      return value << shift;
    }

    /** A word with nothing but this field's bits; what does not fit is cut off. */
    int insert(int value) {
      return place(value >> shift);
    }

    private int place(int value) {
      int word = 0;
      int left = value;
      for (int i = parts.length - 1; i >= 0; i--) {
        int bits = parts[i][1] - parts[i][0] + 1;
        word |= (left & (1 << bits) - 1) << 31 - parts[i][1];
        left >>>= bits;
      }
      return word;
    }

    long least() {
      return signed ? -(1L << width() - 1 + shift) : 0;
    }

    long most() {
      return (1L << width() - (signed ? 1 : 0)) - 1 << shift;
    }

    private static Field parse(String text) {
      int equals = text.indexOf('=');
      String name = text.substring(0, equals);
      String bits = text.substring(equals + 1);
      int arrows = bits.indexOf("<<");
      int shift = arrows < 0 ? 0 : Integer.parseInt(bits.substring(arrows + 2));
      bits = arrows < 0 ? bits : bits.substring(0, arrows);
      boolean signed = bits.endsWith("s");
      bits = signed ? bits.substring(0, bits.length() - 1) : bits;
      String[] texts = bits.split(",", -1);
      int[][] parts = new int[texts.length][];
      for (int i = 0; i < texts.length; i++) {
        String[] ends = texts[i].split("-", -1);
        int first = Integer.parseInt(ends[0]);
        parts[i] = new int[] {first, Integer.parseInt(ends[ends.length - 1])};
      }
      return new Field(name, Kind.of(name), parts, signed, shift);
    }
  }

  /** A mnemonic with optional suffixes: letters, and one-bit fields that add letters when set. */
  record Mnemonic(List<String> texts, List<String> fields) {
    static Mnemonic parse(String text) {
      List<String> texts = new ArrayList<>();
      List<String> fields = new ArrayList<>();
      int at = 0;
      while (at < text.length()) {
        int open = text.indexOf('{', at);
        if (open < 0) {
          open = text.length();
        }
        if (open > at) {
          texts.add(text.substring(at, open));
          fields.add("");
        }
        if (open < text.length()) {
          int close = text.indexOf('}', open);
          int colon = text.indexOf(':', open);
          texts.add(text.substring(colon + 1, close));
          fields.add(text.substring(open + 1, colon));
        }
        at = open == text.length() ? open : text.indexOf('}', open) + 1;
      }
      return new Mnemonic(texts, fields);
    }

    /** The mnemonic that a word with these bits has. */
    String of(int word) {
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < texts.size(); i++) {
        String field = fields.get(i);
        if (field.isEmpty() || field(field).extract(word) != 0) {
          text.append(texts.get(i));
        }
      }
      return text.toString();
    }

    /** Every spelling and the suffix bits it stands for. */
    Map<String, Integer> spellings() {
      Map<String, Integer> all = new HashMap<>();
      all.put("", 0);
      for (int i = 0; i < texts.size(); i++) {
        Map<String, Integer> longer = new HashMap<>();
        String field = fields.get(i);
        for (Map.Entry<String, Integer> head : all.entrySet()) {
          int bits = field.isEmpty() ? 0 : field(field).mask();
          longer.put(head.getKey() + texts.get(i), head.getValue() | bits);
          if (!field.isEmpty()) {
            longer.put(head.getKey(), head.getValue());
          }
        }
        all = longer;
      }
      return all;
    }
  }

  /**
   * One row.
   *
   * @param operands texts between the commas, such as {@code rt} or {@code ds(ra)}
   * @param reserved bits that are neither fixed nor part of a field
   */
  record Row(int mask, int value, Mnemonic mnemonic, List<String> operands, int reserved) {
    /** What a field denotes here; FPSCR fields and bits are plain numbers. */
    Kind kind(Field field) {
      boolean fpscr = mnemonic.texts().get(0).startsWith("mtfs");
      return fpscr && (field.kind() == Kind.CR_FIELD || field.kind() == Kind.CR_BIT)
          ? Kind.NUMBER
          : field.kind();
    }

    /** Whether register 0 in this operand means the value zero, and is written 0. */
    boolean isZeroBase(String operand) {
      String name = mnemonic.texts().get(0);
      if (!operand.equals("ra")) {
        return false;
      }
      if (ZERO_BASE.contains(name)) {
        return true;
      }
      boolean access =
          name.startsWith("l")
              || name.startsWith("st")
              || name.startsWith("dcb")
              || name.startsWith("icb");
      return access && !name.endsWith("u") && !name.endsWith("ux");
    }
  }

  private static final Set<String> ZERO_BASE = Set.of("addi", "addis", "isel");
  private static final Map<String, Field> FIELDS = new HashMap<>();
  private static final List<Row> ROWS = new ArrayList<>();

  static {
    for (String text : PowerDecoder.Rows.FIELDS) {
      Field field = Field.parse(text);
      FIELDS.put(field.name(), field);
    }
    for (int i = 0; i < PowerDecoder.Rows.ASM.length; i++) {
      ROWS.add(row(i));
    }
  }

  private Syntax() {}

  private static Row row(int i) {
    String asm = PowerDecoder.Rows.ASM[i];
    int space = asm.indexOf(' ');
    Mnemonic mnemonic = Mnemonic.parse(space < 0 ? asm : asm.substring(0, space));
    int mask = PowerDecoder.Rows.MASK[i];
    int known = mask;
    for (String field : PowerDecoder.Rows.OPERANDS[i].split(" ", -1)) {
      known |= field.isEmpty() ? 0 : field(field).mask();
    }
    return new Row(
        mask,
        PowerDecoder.Rows.VALUE[i],
        mnemonic,
        operands(space < 0 ? "" : asm.substring(space + 1)),
        ~known);
  }

  static List<String> operands(String text) {
    return text.isEmpty() ? List.of() : Arrays.asList(text.split(",", -1));
  }

  static List<Row> rows() {
    return ROWS;
  }

  static Field field(String name) {
    return Objects.requireNonNull(FIELDS.get(name), name);
  }

  static @Nullable Field fieldOrNull(String name) {
    return FIELDS.get(name);
  }

  /** The rows whose mnemonic, without suffixes, is this. */
  static List<Row> named(String mnemonic) {
    List<Row> found = new ArrayList<>();
    for (Row row : ROWS) {
      if (String.join("", row.mnemonic().texts()).equals(mnemonic)
          || row.mnemonic().texts().get(0).equals(mnemonic)) {
        found.add(row);
      }
    }
    return found;
  }

  /** All mnemonics, for messages and tests. */
  static Set<String> mnemonics() {
    Set<String> all = new TreeSet<>();
    ROWS.forEach(row -> all.addAll(row.mnemonic().spellings().keySet()));
    return all;
  }
}
