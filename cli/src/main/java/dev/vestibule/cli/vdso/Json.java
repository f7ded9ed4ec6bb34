package dev.vestibule.cli.vdso;

import java.util.Collection;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** How is a tree of maps, lists, texts, numbers and truth values written as JSON (RFC 8259)? */
final class Json {
  private final StringBuilder out = new StringBuilder();

  private Json() {}

  /** The text, indented, with a line feed at its end. */
  static String of(Object tree) {
    Json json = new Json();
    json.value(tree, "\n");
    return json.out.append('\n').toString();
  }

  private void value(@Nullable Object value, String indent) {
    switch (value) {
      case null -> out.append("null");
      case Map<?, ?> map -> {
        String separator = "{";
        for (Map.Entry<?, ?> entry : map.entrySet()) {
          out.append(separator).append(indent).append("  ");
          text(String.valueOf(entry.getKey()));
          out.append(": ");
          value(entry.getValue(), indent + "  ");
          separator = ",";
        }
        out.append(map.isEmpty() ? "{}" : indent + "}");
      }
      case Collection<?> list -> {
        String separator = "[";
        for (Object element : list) {
          out.append(separator).append(indent).append("  ");
          value(element, indent + "  ");
          separator = ",";
        }
        out.append(list.isEmpty() ? "[]" : indent + "]");
      }
      case Number number -> out.append(number);
      case Boolean truth -> out.append(truth);
      default -> text(String.valueOf(value));
    }
  }

  private void text(String value) {
    out.append('"');
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c == '"' || c == '\\') {
        out.append('\\').append(c);
      } else if (c < 0x20 || c == 0x7f || Character.isSurrogate(c)) {
        out.append("\\u%04x".formatted((int) c));
      } else {
        out.append(c);
      }
    }
    out.append('"');
  }
}
