package dev.vestibule.cpu.power;

import dev.vestibule.cpu.power.Aliases.Alias;
import dev.vestibule.cpu.power.Syntax.Field;
import dev.vestibule.cpu.power.Syntax.Kind;
import dev.vestibule.cpu.power.Syntax.Row;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/** Which word does a mnemonic with operands stand for? */
final class Encoder {
  /** Where an instruction stands: its line, its address, and what its expressions mean. */
  record Place(int line, long address, ToLongFunction<String> values) {}

  private record Form(Row row, @Nullable Alias alias, int suffixes) {
    List<String> operands() {
      return alias == null ? row.operands() : alias.operands();
    }
  }

  private static final List<String> CONDITIONS = List.of("lt", "gt", "eq", "so", "", "", "", "un");
  private static final Map<String, List<Form>> FORMS = new HashMap<>();

  static {
    for (Alias alias : Aliases.all()) {
      alias.mnemonic().spellings().forEach((name, bits) -> add(name, alias.row(), alias, bits));
    }
    for (Row row : Syntax.rows()) {
      row.mnemonic().spellings().forEach((name, bits) -> add(name, row, null, bits));
    }
  }

  private Encoder() {}

  private static void add(String name, Row row, @Nullable Alias alias, int bits) {
    FORMS.computeIfAbsent(name, n -> new ArrayList<>()).add(new Form(row, alias, bits));
  }

  /** The value of a register or condition name, or null. */
  static @Nullable Long register(String name) {
    int condition = CONDITIONS.indexOf(name);
    if (condition >= 0) {
      return (long) (condition & 3);
    }
    for (Kind kind : Kind.values()) {
      Integer number = kind.prefix.isEmpty() ? null : number(name, kind);
      if (number != null) {
        return (long) number;
      }
    }
    return null;
  }

  private static @Nullable Integer number(String name, Kind kind) {
    String digits = name.substring(Math.min(name.length(), kind.prefix.length()));
    if (!name.startsWith(kind.prefix) || !digits.matches("0|[1-9][0-9]?")) {
      return null;
    }
    int number = Integer.parseInt(digits);
    return number <= kind.last ? number : null;
  }

  static int encode(String mnemonic, List<String> operands, Place place) {
    List<Form> forms = FORMS.get(mnemonic);
    if (forms == null) {
      throw new AssemblyException(place.line(), "unknown instruction " + mnemonic);
    }
    AssemblyException problem = null;
    for (Form form : forms) {
      if (form.operands().size() == operands.size()) {
        try {
          return encode(form, operands, place);
        } catch (AssemblyException e) {
          problem = problem == null ? e : problem;
        }
      }
    }
    if (problem != null) {
      throw problem;
    }
    throw new AssemblyException(
        place.line(), mnemonic + " does not take " + operands.size() + " operands");
  }

  private static int encode(Form form, List<String> operands, Place place) {
    Map<String, Integer> values = new HashMap<>();
    for (int i = 0; i < operands.size(); i++) {
      operand(form, form.operands().get(i), operands.get(i), place, values);
    }
    int word = form.row().value() | form.suffixes();
    if (form.alias() != null) {
      return word | form.alias().encode(values);
    }
    for (Map.Entry<String, Integer> value : values.entrySet()) {
      word |= Syntax.field(value.getKey()).insert(value.getValue());
    }
    return word;
  }

  private static void operand(
      Form form, String pattern, String text, Place place, Map<String, Integer> values) {
    int open = pattern.indexOf('(');
    if (open >= 0) {
      int begin = text.lastIndexOf('(');
      if (begin < 0 || !text.endsWith(")")) {
        throw new AssemblyException(place.line(), "'" + text + "' must look like " + pattern);
      }
      String displacement = text.substring(0, begin);
      operand(
          form,
          pattern.substring(0, open),
          displacement.isEmpty() ? "0" : displacement,
          place,
          values);
      operand(
          form,
          pattern.substring(open + 1, pattern.length() - 1),
          text.substring(begin + 1, text.length() - 1),
          place,
          values);
      return;
    }
    Field field = Syntax.fieldOrNull(pattern);
    if (field == null && !Character.isLetter(pattern.charAt(0))) {
      if (place.values().applyAsLong(text) != Long.parseLong(pattern)) {
        throw new AssemblyException(place.line(), "'" + text + "' must be " + pattern);
      }
      return;
    }
    Kind kind = field == null ? Kind.NUMBER : form.row().kind(field);
    String plain = text.startsWith("%") ? text.substring(1) : text;
    Integer register = kind.prefix.isEmpty() ? null : number(plain, kind);
    long value = register != null ? register : place.values().applyAsLong(plain);
    if (kind == Kind.TARGET && (form.suffixes() & Syntax.field("aa").mask()) == 0) {
      value -= place.address();
    }
    if (field != null && field.signed() && text.indexOf('@') >= 0 && value >>> 15 == 1) {
      value -= 0x10000; // Half a number has the sign that the field gives it.
    }
    values.put(pattern, field == null ? (int) value : checked(form, field, value, text, place));
  }

  private static int checked(Form form, Field field, long value, String text, Place place) {
    // addis and its kin take any 16 bits, so that lis 3,0x8000 can be written.
    boolean either =
        field.name().equals("si") && form.row().mnemonic().texts().get(0).equals("addis");
    long most = either ? 0xffff : field.most();
    if (value < field.least() || value > most) {
      throw new AssemblyException(
          place.line(),
          "'" + text + "' is " + value + ", not from " + field.least() + " to " + most);
    }
    if ((value & (1L << field.shift()) - 1) != 0) {
      throw new AssemblyException(
          place.line(),
          "'" + text + "' is " + value + ", not a multiple of " + (1 << field.shift()));
    }
    return (int) value;
  }
}
