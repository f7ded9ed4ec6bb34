package dev.vestibule.declare;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Which bits of a 32-bit word does an instruction fix, and where are its fields? */
record Pattern(int mask, int value, List<String> fields) {
  private static final int BITS = 32;

  /** A run of bits, from {@code first} to {@code last}, numbered from the left. */
  record Part(int first, int last) {
    int width() {
      return last - first + 1;
    }
  }

  /** A named field. */
  record Field(String name, List<Part> parts, boolean signed, int shift) {
    static Field parse(String text) {
      int equals = text.indexOf('=');
      String name = text.substring(0, equals);
      String bits = text.substring(equals + 1);
      int shift = 0;
      int arrows = bits.indexOf("<<");
      if (arrows >= 0) {
        shift = Integer.parseInt(bits.substring(arrows + 2));
        bits = bits.substring(0, arrows);
      }
      boolean signed = bits.endsWith("s");
      if (signed) {
        bits = bits.substring(0, bits.length() - 1);
      }
      List<Part> parts = new ArrayList<>();
      for (String part : bits.split(",", -1)) {
        int dash = part.indexOf('-');
        int first = Integer.parseInt(dash < 0 ? part : part.substring(0, dash));
        int last = dash < 0 ? first : Integer.parseInt(part.substring(dash + 1));
        parts.add(new Part(first, last));
      }
      return new Field(name, parts, signed, shift);
    }

    /** A Java expression of the field's value in word {@code w}. */
    String extract() {
      StringBuilder java = new StringBuilder();
      int width = 0;
      for (Part part : parts) {
        width += part.width();
      }
      if (signed) {
        Part part = parts.get(0);
        java.append("(w << %d >> %d)".formatted(part.first(), BITS - width));
      } else {
        int left = width;
        for (Part part : parts) {
          left -= part.width();
          String piece =
              "(w >>> %d & 0x%x)"
                  .formatted(BITS - 1 - part.last(), (int) ((1L << part.width()) - 1));
          java.append(java.isEmpty() ? "" : " | ");
          java.append(left == 0 ? piece : "%s << %d".formatted(piece, left));
        }
        java.insert(0, '(').append(')');
      }
      if (shift > 0) {
        java.append(" << ").append(shift);
      }
      return java.toString();
    }
  }

  /** Thrown for a pattern that does not describe 32 bits. */
  static final class Malformed extends Exception {
    private static final long serialVersionUID = 1;

    Malformed(String message) {
      super(message);
    }
  }

  /** Reads the fields of an {@link InstructionSet}. */
  static Map<String, Field> fields(String[] specifications) {
    Map<String, Field> fields = new LinkedHashMap<>();
    for (String text : specifications) {
      Field field = Field.parse(text);
      fields.put(field.name(), field);
    }
    return fields;
  }

  /** Reads an {@link Instruction}'s pattern. */
  static Pattern parse(String text, Map<String, Field> fields) throws Malformed {
    String[] tokens = text.trim().split("\\s+");
    int mask = 0;
    int value = 0;
    int at = 0;
    List<String> used = new ArrayList<>();
    for (int i = 0; i < tokens.length; i++) {
      String token = tokens[i];
      int width;
      if (isConstant(token)) {
        int colon = token.indexOf(':');
        String digits = colon < 0 ? token : token.substring(0, colon);
        if (colon >= 0) {
          width = Integer.parseInt(token.substring(colon + 1));
        } else if (i == 0) {
          width = 6;
        } else if (i + 1 == tokens.length) {
          width = BITS - at;
        } else if (!isConstant(tokens[i + 1])) {
          width = start(field(tokens[i + 1], fields), at) - at;
        } else {
          throw new Malformed("width of '" + token + "' is not clear");
        }
        if (width <= 0 || at + width > BITS) {
          throw new Malformed("'" + token + "' has " + width + " bits at bit " + at);
        }
        if (!digits.equals("/")) {
          long number = Long.parseLong(digits);
          if (number >= 1L << width) {
            throw new Malformed("'" + token + "' does not fit " + width + " bits");
          }
          int shift = BITS - at - width;
          mask |= (int) (((1L << width) - 1) << shift);
          value |= (int) (number << shift);
        }
      } else {
        Field field = field(token, fields);
        int first = start(field, at);
        if (first != at) {
          throw new Malformed("field " + token + " begins at bit " + first + ", not " + at);
        }
        width = 0;
        for (Part part : field.parts()) {
          if (part.first() == at) {
            width = part.width();
          }
        }
        if (!used.contains(token)) {
          used.add(token);
        }
      }
      at += width;
    }
    if (at != BITS) {
      throw new Malformed("describes " + at + " bits");
    }
    return new Pattern(mask, value, used);
  }

  private static boolean isConstant(String token) {
    return token.charAt(0) == '/' || Character.isDigit(token.charAt(0));
  }

  private static Field field(String name, Map<String, Field> fields) throws Malformed {
    Field field = fields.get(name);
    if (field == null) {
      throw new Malformed("no field " + name);
    }
    return field;
  }

  private static int start(Field field, int at) throws Malformed {
    int best = BITS;
    for (Part part : field.parts()) {
      if (part.first() >= at) {
        best = Math.min(best, part.first());
      }
    }
    if (best == BITS) {
      throw new Malformed("field " + field.name() + " has no part at or behind bit " + at);
    }
    return best;
  }

  boolean overlaps(Pattern other) {
    return ((value ^ other.value) & mask & other.mask) == 0;
  }
}
