package dev.vestibule.profile.source;

import java.util.List;
import java.util.Map;

/** How is a tree printed as TOML that reads back as the same tree? */
public final class TomlText {
  private static final int WIDTH = 100;
  private final StringBuilder out = new StringBuilder();

  private TomlText() {}

  /** The text of a whole file. */
  public static String of(Node.Table table) {
    TomlText text = new TomlText();
    text.body(table, "");
    return text.out.toString();
  }

  private void body(Node.Table table, String path) {
    table
        .values()
        .forEach((key, node) -> {
          if (!(node instanceof Node.Table) && !isTables(node)) {
            out.append(key(key)).append(" = ").append(value(node, 0)).append('\n');
          }
        });
    for (Map.Entry<String, Node> entry : table.values().entrySet()) {
      String name = path.isEmpty() ? key(entry.getKey()) : path + "." + key(entry.getKey());
      if (entry.getValue() instanceof Node.Table inner) {
        out.append("\n[").append(name).append("]\n");
        body(inner, name);
      } else if (isTables(entry.getValue())) {
        for (Node item : ((Node.Items) entry.getValue()).values()) {
          out.append("\n[[").append(name).append("]]\n");
          body((Node.Table) item, name);
        }
      }
    }
  }

  private static boolean isTables(Node node) {
    return node instanceof Node.Items items
        && !items.values().isEmpty()
        && items.values().stream().allMatch(Node.Table.class::isInstance);
  }

  private static String key(String key) {
    return key.matches("[A-Za-z0-9_-]+") ? key : quoted(key);
  }

  private static String value(Node node, int depth) {
    return switch (node) {
      case Node.Text text ->
          text.value().contains("\n") ? block(text.value()) : quoted(text.value());
      case Node.Number number ->
          number.hex() ? "0x" + Long.toHexString(number.value()) : Long.toString(number.value());
      case Node.Flag flag -> Boolean.toString(flag.value());
      case Node.Items items -> array(items.values(), depth);
      case Node.Table table -> {
        StringBuilder text = new StringBuilder("{");
        table
            .values()
            .forEach((k, v) ->
                text.append(text.length() > 1 ? ", " : " ")
                    .append(key(k))
                    .append(" = ")
                    .append(value(v, depth + 1)));
        yield text.append(" }").toString();
      }
    };
  }

  private static String array(List<Node> nodes, int depth) {
    List<String> values = nodes.stream().map(n -> value(n, depth + 1)).toList();
    String line = "[" + String.join(", ", values) + "]";
    if (line.length() <= WIDTH - 24) {
      return line;
    }
    StringBuilder text = new StringBuilder("[\n");
    int column = 0;
    for (String value : values) {
      if (column + value.length() + 2 > WIDTH) {
        text.append('\n');
        column = 0;
      }
      text.append(column == 0 ? "  " : " ").append(value).append(',');
      column += value.length() + 2;
    }
    return text.append("\n]").toString();
  }

  private static String block(String text) {
    return "\"\"\"\n"
        + text.replace("\\", "\\\\").replace("\"\"\"", "\\\"\"\"").replace("\t", "\\t")
        + "\"\"\"";
  }

  private static String quoted(String text) {
    StringBuilder out = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"', '\\' -> out.append('\\').append(c);
        case '\t' -> out.append("\\t");
        default -> {
          if (c < 0x20 || c == 0x7f) {
            out.append("\\u%04X".formatted((int) c));
          } else {
            out.append(c);
          }
        }
      }
    }
    return out.append('"').toString();
  }
}
