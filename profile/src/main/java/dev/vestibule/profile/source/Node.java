package dev.vestibule.profile.source;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What does a profile file say, and on which line? A value with the place it was written at. */
public sealed interface Node {
  /** The file as the user knows it. */
  String file();

  /** Line in the file, from 1. */
  int line();

  /** A string. */
  record Text(String file, int line, String value) implements Node {}

  /**
   * A whole number.
   *
   * @param hex whether it was written in base 16
   */
  record Number(String file, int line, long value, boolean hex) implements Node {}

  /** A truth value. */
  record Flag(String file, int line, boolean value) implements Node {}

  /** An array. */
  record Items(String file, int line, List<Node> values) implements Node {}

  /** A table; keys in the order they were written. */
  record Table(String file, int line, Map<String, Node> values) implements Node {
    /**
     * This table with another one's entries on top; tables within merge, an empty one clears, all
     * else is replaced.
     */
    public Table overlaidBy(Table top) {
      Map<String, Node> merged = new LinkedHashMap<>(values);
      for (Map.Entry<String, Node> entry : top.values.entrySet()) {
        Node above = entry.getValue();
        if (above instanceof Table theirs
            && !theirs.values.isEmpty()
            && merged.get(entry.getKey()) instanceof Table mine) {
          above = mine.overlaidBy(theirs);
        }
        merged.put(entry.getKey(), above);
      }
      return new Table(top.file, top.line, merged);
    }
  }
}
