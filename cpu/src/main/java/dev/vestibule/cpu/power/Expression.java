package dev.vestibule.cpu.power;

import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What number does an assembler expression stand for? C operators, decimal, octal, hexadecimal and
 * binary numbers, symbols, and {@code @l}, {@code @h}, {@code @ha}, {@code @higher(a)}, {@code
 * @highest(a)} behind the whole.
 */
final class Expression {
  private static final int DEEPEST = 64;

  private final String text;
  private final int line;
  private final Function<String, @Nullable Long> symbols;
  private int at;
  private int depth;

  private Expression(String text, int line, Function<String, @Nullable Long> symbols) {
    this.text = text;
    this.line = line;
    this.symbols = symbols;
  }

  /**
   * @param symbols values of names; null for unknown ones
   * @throws AssemblyException if it is no expression or uses an unknown symbol
   */
  static long evaluate(String text, int line, Function<String, @Nullable Long> symbols) {
    Expression expression = new Expression(text, line, symbols);
    long value = expression.binary(0);
    expression.skip();
    while (expression.at < text.length() && text.charAt(expression.at) == '@') {
      value = expression.part(value);
      expression.skip();
    }
    if (expression.at < text.length()) {
      throw expression.wrong("'" + text + "' ends at '" + text.substring(expression.at) + "'");
    }
    return value;
  }

  private AssemblyException wrong(String problem) {
    return new AssemblyException(line, problem);
  }

  private void skip() {
    while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
      at++;
    }
  }

  private long part(long value) {
    int end = at + 1;
    while (end < text.length() && Character.isLetter(text.charAt(end))) {
      end++;
    }
    String name = text.substring(at + 1, end);
    at = end;
    return switch (name) {
      case "l" -> value & 0xffff;
      case "h" -> value >> 16 & 0xffff;
      case "ha" -> value + 0x8000 >> 16 & 0xffff;
      case "higher" -> value >> 32 & 0xffff;
      case "highera" -> value + 0x8000 >> 32 & 0xffff;
      case "highest" -> value >>> 48;
      case "highesta" -> value + 0x8000 >>> 48;
      default -> throw wrong("unknown part @" + name);
    };
  }

  private static final Map<String, Integer> STRENGTH =
      Map.of("|", 1, "^", 2, "&", 3, "<<", 5, ">>", 5, "+", 6, "-", 6, "*", 7, "/", 7, "%", 7);

  private @Nullable String operator() {
    skip();
    for (int length = 2; length > 0; length--) {
      if (at + length <= text.length() && STRENGTH.containsKey(text.substring(at, at + length))) {
        return text.substring(at, at + length);
      }
    }
    return null;
  }

  private long binary(int weakest) {
    if (++depth > DEEPEST) {
      throw wrong("nested too deep");
    }
    long value = unary();
    for (String operator = operator(); operator != null; operator = operator()) {
      int strength = STRENGTH.getOrDefault(operator, 0);
      if (strength <= weakest) {
        break;
      }
      at += operator.length();
      value = apply(operator, value, binary(strength));
    }
    depth--;
    return value;
  }

  private long apply(String operator, long left, long right) {
    if ((operator.equals("/") || operator.equals("%")) && right == 0) {
      throw wrong("division by zero");
    }
    return switch (operator) {
      case "|" -> left | right;
      case "^" -> left ^ right;
      case "&" -> left & right;
      case "<<" -> left << right;
      case ">>" -> left >>> right;
      case "+" -> left + right;
      case "-" -> left - right;
      case "*" -> left * right;
      case "/" -> left / right;
      default -> left % right;
    };
  }

  private long unary() {
    skip();
    if (at == text.length()) {
      throw wrong("'" + text + "' lacks an operand");
    }
    char c = text.charAt(at);
    return switch (c) {
      case '-', '~', '+' -> signed(c);
      case '(' -> parenthesised();
      case '\'' -> character();
      default -> word();
    };
  }

  private long signed(char sign) {
    at++;
    if (++depth > DEEPEST) {
      throw wrong("nested too deep");
    }
    long value = unary();
    depth--;
    return sign == '-' ? -value : sign == '~' ? ~value : value;
  }

  private long parenthesised() {
    at++;
    long value = binary(0);
    skip();
    if (at == text.length() || text.charAt(at) != ')') {
      throw wrong("'" + text + "' lacks a )");
    }
    at++;
    return value;
  }

  private long character() {
    if (at + 1 == text.length()) {
      throw wrong("no character behind '");
    }
    char value = text.charAt(at + 1);
    at += at + 2 < text.length() && text.charAt(at + 2) == '\'' ? 3 : 2;
    return value;
  }

  private long word() {
    int begin = at;
    while (at < text.length() && isWord(text.charAt(at))) {
      at++;
    }
    String word = text.substring(begin, at);
    if (word.isEmpty()) {
      throw wrong("unexpected '" + text.charAt(at) + "' in '" + text + "'");
    }
    boolean reference = word.matches("[0-9]+[bf]") && !word.matches("0b[01]*");
    if (Character.isDigit(word.charAt(0)) && !reference) {
      return number(word);
    }
    Long value = symbols.apply(word);
    if (value == null) {
      throw wrong("unknown symbol " + word);
    }
    return value;
  }

  static boolean isWord(char c) {
    return Character.isLetterOrDigit(c) || c == '_' || c == '.' || c == '$';
  }

  private long number(String word) {
    try {
      if (word.startsWith("0x") || word.startsWith("0X")) {
        return Long.parseUnsignedLong(word.substring(2), 16);
      }
      if (word.startsWith("0b")) {
        return Long.parseUnsignedLong(word.substring(2), 2);
      }
      return Long.parseUnsignedLong(word, word.length() > 1 && word.startsWith("0") ? 8 : 10);
    } catch (NumberFormatException e) {
      throw wrong("'" + word + "' is no number of 64 bits");
    }
  }
}
