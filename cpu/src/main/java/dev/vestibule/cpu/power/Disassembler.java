package dev.vestibule.cpu.power;

import dev.vestibule.cpu.power.Aliases.Alias;
import dev.vestibule.cpu.power.Syntax.Field;
import dev.vestibule.cpu.power.Syntax.Kind;
import dev.vestibule.cpu.power.Syntax.Row;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * How is an instruction word written? As objdump with {@code -M power8} writes it, extended
 * mnemonics included, except that supervisor-level special registers are numbers.
 */
public final class Disassembler {
  private static final String[] CR_BITS = {"lt", "gt", "eq", "so"};
  private static final Map<Row, List<Alias>> ALIASES = new IdentityHashMap<>();

  static {
    for (Alias alias : Aliases.all()) {
      if (!alias.inputOnly()) {
        ALIASES.computeIfAbsent(alias.row(), row -> new ArrayList<>()).add(alias);
      }
    }
  }

  private Disassembler() {}

  /**
   * One line without a line end; {@code .long 0x…} for what is no instruction.
   *
   * @param address where the word lies, for branch targets
   */
  public static String disassemble(int word, long address) {
    int number = PowerDecoder.decode(word);
    if (number < 0 || (Syntax.rows().get(number).reserved() & word) != 0) {
      return ".long 0x" + Integer.toHexString(word);
    }
    Row row = Syntax.rows().get(number);
    for (Alias alias : ALIASES.getOrDefault(row, List.of())) {
      Map<String, Integer> values = alias.match(word);
      if (values != null) {
        List<String> texts = new ArrayList<>();
        for (String operand : alias.operands()) {
          texts.add(operand(row, operand, word, address, values));
        }
        return line(alias.mnemonic().of(word), texts);
      }
    }
    List<String> texts = new ArrayList<>();
    for (String operand : row.operands()) {
      texts.add(operand(row, operand, word, address, Map.of()));
    }
    return line(row.mnemonic().of(word), texts);
  }

  private static String line(String mnemonic, List<String> operands) {
    return operands.isEmpty() ? mnemonic : mnemonic + " " + String.join(",", operands);
  }

  private static String operand(
      Row row, String text, int word, long address, Map<String, Integer> values) {
    int open = text.indexOf('(');
    if (open >= 0) {
      return operand(row, text.substring(0, open), word, address, values)
          + "("
          + operand(row, text.substring(open + 1, text.length() - 1), word, address, values)
          + ")";
    }
    Field field = Syntax.fieldOrNull(text);
    Integer known = values.get(text);
    if (field == null && known == null) {
      return text;
    }
    int value = known != null ? known : field == null ? 0 : field.extract(word);
    Kind kind = field == null ? Kind.NUMBER : row.kind(field);
    return switch (kind) {
      case GPR -> value == 0 && row.isZeroBase(text) ? "0" : "r" + value;
      case FPR, VR, VSR, CR_FIELD -> kind.prefix + value;
      case CR_BIT -> value < 4 ? CR_BITS[value] : "4*cr" + (value >> 2) + "+" + CR_BITS[value & 3];
      case TARGET -> {
        boolean absolute = Syntax.field("aa").extract(word) != 0;
        yield "0x" + Long.toHexString(absolute ? value : address + value);
      }
      case NUMBER -> Integer.toString(value);
    };
  }
}
