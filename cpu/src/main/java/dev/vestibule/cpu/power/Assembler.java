package dev.vestibule.cpu.power;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What bytes does assembly text stand for? Every row of the instruction table and the extended
 * mnemonics, in GNU syntax: labels, numeric labels with {@code b} and {@code f}, expressions,
 * comments behind {@code #}, several statements to a line with {@code ;}, and the directives {@code
 * .byte .short .long .quad .ascii .asciz .align .balign .space .set}. Registers may be written with
 * or without their letter.
 */
public final class Assembler {
  private static final int NOP = 0x6000_0000;
  private static final int LARGEST = 1 << 24;

  /**
   * The result.
   *
   * @param labels name -> offset from the begin
   */
  public record Code(byte[] bytes, Map<String, Integer> labels) {
    /**
     * The offset of a label.
     *
     * @throws IllegalArgumentException if there is none of this name
     */
    public int offset(String label) {
      Integer offset = labels.get(label);
      if (offset == null) {
        throw new IllegalArgumentException("no label " + label);
      }
      return offset;
    }
  }

  private record Numbered(String number, int statement, int offset) {}

  private record Statement(int line, String text) {}

  private final boolean bigEndian;
  private final Map<String, Long> constants = new HashMap<>();
  private final Map<String, Integer> labels = new LinkedHashMap<>();
  private final List<Numbered> numbered = new ArrayList<>();
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private long origin;
  private boolean sizing;
  private int statement;

  /** An assembler for one text. */
  public Assembler(boolean bigEndian) {
    this.bigEndian = bigEndian;
  }

  /** Gives a name a value, as {@code .set} does. */
  public Assembler define(String name, long value) {
    constants.put(name, value);
    return this;
  }

  /**
   * Assembles a text.
   *
   * @param address where the first byte will lie; the sizes do not depend on it if it is aligned as
   *     the text's alignments ask for
   * @throws AssemblyException at the first mistake
   */
  public Code assemble(String source, long address) {
    List<Statement> statements = statements(source);
    origin = address;
    for (int pass = 0; pass < 2; pass++) {
      sizing = pass == 0;
      out.reset();
      statement = 0;
      for (Statement next : statements) {
        run(next);
        statement++;
        if (out.size() > LARGEST) {
          throw new AssemblyException(next.line(), "more than 16 MiB");
        }
      }
    }
    return new Code(out.toByteArray(), Map.copyOf(labels));
  }

  private static List<Statement> statements(String source) {
    List<Statement> statements = new ArrayList<>();
    String[] lines = source.split("\n", -1);
    for (int i = 0; i < lines.length; i++) {
      boolean quoted = false;
      StringBuilder text = new StringBuilder();
      String line = lines[i];
      for (int at = 0; at < line.length(); at++) {
        char c = line.charAt(at);
        if (c == '\\' && quoted && at + 1 < line.length()) {
          text.append(c).append(line.charAt(++at));
          continue;
        }
        quoted ^= c == '"';
        if (c == '#' && !quoted) {
          break;
        }
        if (c == ';' && !quoted) {
          statements.add(new Statement(i + 1, text.toString().strip()));
          text.setLength(0);
        } else {
          text.append(c);
        }
      }
      if (quoted) {
        throw new AssemblyException(i + 1, "unterminated string");
      }
      statements.add(new Statement(i + 1, text.toString().strip()));
    }
    return statements;
  }

  private void run(Statement next) {
    String text = next.text();
    int line = next.line();
    while (true) {
      int end = 0;
      while (end < text.length() && Expression.isWord(text.charAt(end))) {
        end++;
      }
      if (end == 0 || end == text.length() || text.charAt(end) != ':') {
        break;
      }
      label(text.substring(0, end), line);
      text = text.substring(end + 1).strip();
    }
    if (text.isEmpty()) {
      return;
    }
    int space = 0;
    while (space < text.length() && !Character.isWhitespace(text.charAt(space))) {
      space++;
    }
    String name = text.substring(0, space);
    String rest = text.substring(space).strip();
    if (rest.startsWith("=") && !rest.startsWith("==")) {
      set(name, rest.substring(1), line);
    } else if (name.startsWith(".")) {
      directive(name, rest, line);
    } else {
      int word = sizing ? 0 : Encoder.encode(name, operands(rest), place(line));
      number(word, 4);
    }
  }

  private Encoder.Place place(int line) {
    return new Encoder.Place(line, origin + out.size(), text -> value(text, line));
  }

  private void label(String name, int line) {
    if (name.matches("[0-9]+")) {
      if (sizing) {
        numbered.add(new Numbered(name, statement, out.size()));
      }
    } else if (sizing && labels.put(name, out.size()) != null) {
      throw new AssemblyException(line, "label " + name + " exists already");
    }
  }

  private void set(String name, String expression, int line) {
    constants.put(name, value(expression, line));
  }

  private long value(String expression, int line) {
    return Expression.evaluate(expression, line, this::symbol);
  }

  private @Nullable Long symbol(String name) {
    if (name.equals(".")) {
      return origin + out.size();
    }
    Long constant = constants.get(name);
    if (constant != null) {
      return constant;
    }
    Integer label = labels.get(name);
    if (label != null) {
      return origin + label;
    }
    if (Character.isDigit(name.charAt(0))) {
      Integer offset = numbered(name);
      return offset == null ? sizing ? 0L : null : (Long) (origin + offset);
    }
    return Encoder.register(name);
  }

  private @Nullable Integer numbered(String reference) {
    String number = reference.substring(0, reference.length() - 1);
    boolean forward = reference.endsWith("f");
    Integer found = null;
    for (Numbered label : numbered) {
      if (label.number().equals(number)) {
        if (forward && label.statement() > statement) {
          return label.offset();
        }
        if (!forward && label.statement() <= statement) {
          found = label.offset();
        }
      }
    }
    return found;
  }

  /** Splits at commas outside of strings and parentheses. */
  private static List<String> operands(String text) {
    List<String> operands = new ArrayList<>();
    if (text.isEmpty()) {
      return operands;
    }
    int depth = 0;
    int begin = 0;
    boolean quoted = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      quoted ^= c == '"' && (i == 0 || text.charAt(i - 1) != '\\');
      depth += quoted ? 0 : c == '(' ? 1 : c == ')' ? -1 : 0;
      if (c == ',' && depth == 0 && !quoted) {
        operands.add(text.substring(begin, i).strip());
        begin = i + 1;
      }
    }
    operands.add(text.substring(begin).strip());
    return operands;
  }

  private void directive(String name, String rest, int line) {
    List<String> operands = operands(rest);
    switch (name) {
      case ".byte" -> numbers(operands, 1, line);
      case ".short", ".2byte", ".hword" -> numbers(operands, 2, line);
      case ".long", ".4byte", ".int" -> numbers(operands, 4, line);
      case ".quad", ".8byte" -> numbers(operands, 8, line);
      case ".ascii" -> strings(operands, false, line);
      case ".asciz", ".string" -> strings(operands, true, line);
      case ".align", ".p2align" -> align(1L << (value(first(operands, line), line) & 31), line);
      case ".balign" -> align(value(first(operands, line), line), line);
      case ".space", ".skip", ".zero" -> {
        long size = value(first(operands, line), line);
        long fill = operands.size() > 1 ? value(operands.get(1), line) : 0;
        if (size < 0 || size > LARGEST) {
          throw new AssemblyException(line, "impossible size " + size);
        }
        for (long i = 0; i < size; i++) {
          out.write((int) fill);
        }
      }
      case ".set", ".equ" -> {
        if (operands.size() != 2) {
          throw new AssemblyException(line, name + " needs a name and a value");
        }
        set(operands.get(0), operands.get(1), line);
      }
      default -> throw new AssemblyException(line, "unknown directive " + name);
    }
  }

  private static String first(List<String> operands, int line) {
    if (operands.isEmpty()) {
      throw new AssemblyException(line, "a number is missing");
    }
    return operands.get(0);
  }

  private void numbers(List<String> operands, int bytes, int line) {
    for (String operand : operands) {
      number(sizing ? 0 : value(operand, line), bytes);
    }
  }

  private void number(long value, int bytes) {
    for (int i = 0; i < bytes; i++) {
      out.write((int) (value >> 8 * (bigEndian ? bytes - 1 - i : i)));
    }
  }

  private void strings(List<String> operands, boolean zero, int line) {
    for (String operand : operands) {
      if (operand.length() < 2 || operand.charAt(0) != '"' || !operand.endsWith("\"")) {
        throw new AssemblyException(line, "a string is missing");
      }
      String text;
      try {
        text = operand.substring(1, operand.length() - 1).translateEscapes();
      } catch (IllegalArgumentException e) {
        throw new AssemblyException(line, "unknown escape in " + operand);
      }
      out.writeBytes(text.getBytes(StandardCharsets.ISO_8859_1));
      if (zero) {
        out.write(0);
      }
    }
  }

  /** Room between instructions is filled with nops, as GNU as does in a text section. */
  private void align(long boundary, int line) {
    if (Long.bitCount(boundary) != 1 || boundary > 4096) {
      throw new AssemblyException(line, "cannot align to " + boundary);
    }
    while ((origin + out.size() & boundary - 1) != 0) {
      if ((origin + out.size() & 3) == 0 && boundary >= 4) {
        number(NOP, 4);
      } else {
        out.write(0);
      }
    }
  }
}
