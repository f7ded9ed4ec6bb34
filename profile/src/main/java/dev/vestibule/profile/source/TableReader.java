package dev.vestibule.profile.source;

import dev.vestibule.profile.ProfileException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/** Reads one table's fields; every mistake names file, line and dotted field. */
public final class TableReader {
  private static final int LONGEST = 4096;

  private final Node.Table table;
  private final String path;
  private final Set<String> seen = new HashSet<>();

  public TableReader(Node.Table table, String path) {
    this.table = table;
    this.path = path;
  }

  private String name(String key) {
    return path.isEmpty() ? key : path.concat(".").concat(key);
  }

  /** The exception that says what is wrong with a field of this table. */
  public ProfileException wrong(String key, String problem) {
    Node node = table.values().get(key);
    return node == null
        ? new ProfileException(table.file(), table.line(), name(key), problem)
        : new ProfileException(node.file(), node.line(), name(key), problem);
  }

  private Node required(String key) throws ProfileException {
    Node node = optional(key);
    if (node == null) {
      throw wrong(key, "missing");
    }
    return node;
  }

  private @Nullable Node optional(String key) {
    seen.add(key);
    return table.values().get(key);
  }

  /** Whether there is such a field. */
  public boolean has(String key) {
    return table.values().containsKey(key);
  }

  /** A table within. */
  public TableReader table(String key) throws ProfileException {
    if (required(key) instanceof Node.Table inner) {
      return new TableReader(inner, name(key));
    }
    throw wrong(key, "must be a table");
  }

  /** A list of tables within. */
  public List<TableReader> tables(String key) throws ProfileException {
    List<TableReader> readers = new ArrayList<>();
    for (Node node : items(key)) {
      if (!(node instanceof Node.Table inner)) {
        throw wrong(key, "must be an array of tables");
      }
      readers.add(new TableReader(inner, name(key) + "[" + readers.size() + "]"));
    }
    return readers;
  }

  private List<Node> items(String key) throws ProfileException {
    if (required(key) instanceof Node.Items items) {
      if (items.values().size() > LONGEST) {
        throw wrong(key, "has more than " + LONGEST + " elements");
      }
      return items.values();
    }
    throw wrong(key, "must be an array");
  }

  /** A string. */
  public String text(String key) throws ProfileException {
    if (required(key) instanceof Node.Text text) {
      return text.value();
    }
    throw wrong(key, "must be a string");
  }

  /** A string, or null where it is missing or empty. */
  public @Nullable String textOrNull(String key) throws ProfileException {
    if (optional(key) == null) {
      return null;
    }
    String value = text(key);
    return value.isEmpty() ? null : value;
  }

  /** A whole number of 64 bits. */
  public long number(String key) throws ProfileException {
    if (required(key) instanceof Node.Number number) {
      return number.value();
    }
    throw wrong(key, "must be a whole number");
  }

  /** A whole number in a range, bounds included. */
  public long number(String key, long least, long most) throws ProfileException {
    long value = number(key);
    if (value < least || value > most) {
      throw wrong(key, "must be from " + least + " to " + most + ", not " + value);
    }
    return value;
  }

  /** A whole number in a range, bounds included. */
  public int small(String key, int least, int most) throws ProfileException {
    return (int) number(key, least, most);
  }

  /** A power of two in a range, bounds included. */
  public long powerOfTwo(String key, long least, long most) throws ProfileException {
    long value = number(key, least, most);
    if (Long.bitCount(value) != 1) {
      throw wrong(key, "must be a power of two, not " + value);
    }
    return value;
  }

  /** A truth value. */
  public boolean flag(String key) throws ProfileException {
    if (required(key) instanceof Node.Flag flag) {
      return flag.value();
    }
    throw wrong(key, "must be true or false");
  }

  /** One of an enum's constants, its name written in lower case with dashes. */
  public <E extends Enum<E>> E choice(String key, E[] all) throws ProfileException {
    return choice(key, text(key), all);
  }

  /** A list of an enum's constants, each at most once. */
  public <E extends Enum<E>> List<E> choices(String key, E[] all) throws ProfileException {
    List<E> values = new ArrayList<>();
    for (String text : texts(key)) {
      E value = choice(key, text, all);
      if (values.contains(value)) {
        throw wrong(key, "names " + text + " twice");
      }
      values.add(value);
    }
    return List.copyOf(values);
  }

  private <E extends Enum<E>> E choice(String key, String value, E[] all) throws ProfileException {
    StringJoiner names = new StringJoiner(", ");
    for (E constant : all) {
      String name = constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
      if (name.equals(value)) {
        return constant;
      }
      names.add(name);
    }
    throw wrong(key, "must be one of " + names + ", not " + value);
  }

  /** A list of strings. */
  public List<String> texts(String key) throws ProfileException {
    List<String> values = new ArrayList<>();
    for (Node node : items(key)) {
      if (!(node instanceof Node.Text text)) {
        throw wrong(key, "must be an array of strings");
      }
      values.add(text.value());
    }
    return List.copyOf(values);
  }

  /** The keys that other files wrote, then those of the file that has the last word. */
  public List<String> inheritedFirst() {
    List<String> keys = new ArrayList<>();
    List<String> own = new ArrayList<>();
    for (String key : keys()) {
      (isOwn(key) ? own : keys).add(key);
    }
    keys.addAll(own);
    return keys;
  }

  private boolean isOwn(String key) {
    Node node = table.values().get(key);
    return node != null && node.file().equals(table.file());
  }

  /** The exception for two fields that do not go together; names the one that was written last. */
  public ProfileException wrongPair(String key, String other, String problem) {
    return isOwn(other) && !isOwn(key)
        ? wrong(other, problem.formatted(name(key)))
        : wrong(key, problem.formatted(name(other)));
  }

  /** The table's own keys in the order they were written. */
  public Set<String> keys() {
    return table.values().keySet();
  }

  /** A table of strings. */
  public Map<String, String> textTable(String key) throws ProfileException {
    TableReader inner = table(key);
    Map<String, String> values = new LinkedHashMap<>();
    for (String name : inner.keys()) {
      values.put(name, inner.text(name));
    }
    return values;
  }

  /** Complains about the first field nobody has asked for. */
  public void end() throws ProfileException {
    for (String key : table.values().keySet()) {
      if (!seen.contains(key)) {
        throw wrong(key, "unknown field");
      }
    }
  }
}
