package dev.vestibule.profile.source;

import dev.vestibule.profile.ProfileException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.tomlj.Toml;
import org.tomlj.TomlArray;
import org.tomlj.TomlParseError;
import org.tomlj.TomlParseResult;
import org.tomlj.TomlPosition;
import org.tomlj.TomlTable;
import org.tomlj.TomlVersion;

/** How does TOML text become a tree of nodes? */
public final class TomlFile {
  private final String file;
  private final String[] lines;

  private TomlFile(String file, String text) {
    this.file = file;
    this.lines = text.split("\n", -1);
  }

  /**
   * Reads TOML 1.0 text.
   *
   * @param file name for messages
   * @throws ProfileException at the first mistake
   */
  public static Node.Table parse(String file, String text) throws ProfileException {
    TomlParseResult result = Toml.parse(text, TomlVersion.V1_0_0);
    if (result.hasErrors()) {
      TomlParseError error = result.errors().get(0);
      throw new ProfileException(
          file,
          error.position().line(),
          "",
          String.valueOf(error.getMessage()).replaceAll("\\s+", " "));
    }
    return new TomlFile(file, text).table(result, 1, "");
  }

  private Node.Table table(TomlTable table, int line, String path) throws ProfileException {
    Map<String, Node> values = new LinkedHashMap<>();
    for (String key : table.keySet()) {
      List<String> keyPath = List.of(key);
      TomlPosition position = table.inputPositionOf(keyPath);
      int at = position == null ? line : position.line();
      String name = path.isEmpty() ? key : path + "." + key;
      values.put(key, node(table.get(keyPath), at, name));
    }
    return new Node.Table(file, line, values);
  }

  private Node node(@Nullable Object value, int line, String path) throws ProfileException {
    return switch (value) {
      case String text -> new Node.Text(file, line, text);
      case Long number -> new Node.Number(file, line, number, isHex(line, number));
      case Boolean flag -> new Node.Flag(file, line, flag);
      case TomlTable table -> table(table, line, path);
      case TomlArray array -> {
        List<Node> values = new ArrayList<>();
        for (int i = 0; i < array.size(); i++) {
          TomlPosition position = array.inputPositionOf(i);
          int at = position == null ? line : position.line();
          values.add(node(array.get(i), at, path + "[" + i + "]"));
        }
        yield new Node.Items(file, line, values);
      }
      case null, default ->
          throw new ProfileException(
              file, line, path, "neither a string, a whole number, true, false, array nor table");
    };
  }

  private boolean isHex(int line, long number) {
    return line <= lines.length
        && lines[line - 1]
            .replace("_", "")
            .matches("(?i).*\\b0x0*" + Long.toHexString(number) + "\\b.*");
  }
}
