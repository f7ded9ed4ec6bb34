package dev.vestibule.profile.source;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How do built-in profiles load without a TOML parser? The build writes the trees in this form, the
 * start of the machine reads them in a fraction of a parser's own start-up.
 */
public final class CompactForm {
  private static final int DEEPEST = 16;

  private CompactForm() {}

  /** Writes trees by name. */
  public static void write(DataOutputStream out, Map<String, Node.Table> trees) throws IOException {
    out.writeInt(trees.size());
    for (Map.Entry<String, Node.Table> tree : trees.entrySet()) {
      out.writeUTF(tree.getKey());
      out.writeUTF(tree.getValue().file());
      write(out, tree.getValue());
    }
  }

  /** Reads what {@link #write} wrote. */
  public static Map<String, Node.Table> read(DataInputStream in) throws IOException {
    Map<String, Node.Table> trees = new LinkedHashMap<>();
    for (int n = in.readInt(); n > 0; n--) {
      String name = in.readUTF();
      if (!(read(in, in.readUTF(), 0) instanceof Node.Table table)) {
        throw new IOException(name + " is no table");
      }
      trees.put(name, table);
    }
    return trees;
  }

  private static void write(DataOutputStream out, Node node) throws IOException {
    switch (node) {
      case Node.Text text -> {
        head(out, 's', node);
        out.writeUTF(text.value());
      }
      case Node.Number number -> {
        head(out, number.hex() ? 'x' : 'n', node);
        out.writeLong(number.value());
      }
      case Node.Flag flag -> {
        head(out, 'b', node);
        out.writeBoolean(flag.value());
      }
      case Node.Items items -> {
        head(out, 'a', node);
        out.writeShort(items.values().size());
        for (Node value : items.values()) {
          write(out, value);
        }
      }
      case Node.Table table -> {
        head(out, 't', node);
        out.writeShort(table.values().size());
        for (Map.Entry<String, Node> entry : table.values().entrySet()) {
          out.writeUTF(entry.getKey());
          write(out, entry.getValue());
        }
      }
    }
  }

  private static void head(DataOutputStream out, char kind, Node node) throws IOException {
    out.writeByte(kind);
    out.writeShort(node.line());
  }

  private static Node read(DataInputStream in, String file, int depth) throws IOException {
    int kind = in.readByte();
    int line = in.readUnsignedShort();
    if (depth > DEEPEST) {
      throw new IOException("nested too deep");
    }
    return switch (kind) {
      case 's' -> new Node.Text(file, line, in.readUTF());
      case 'x' -> new Node.Number(file, line, in.readLong(), true);
      case 'n' -> new Node.Number(file, line, in.readLong(), false);
      case 'b' -> new Node.Flag(file, line, in.readBoolean());
      case 'a' -> {
        List<Node> values = new ArrayList<>();
        for (int n = in.readUnsignedShort(); n > 0; n--) {
          values.add(read(in, file, depth + 1));
        }
        yield new Node.Items(file, line, values);
      }
      case 't' -> {
        Map<String, Node> values = new LinkedHashMap<>();
        for (int n = in.readUnsignedShort(); n > 0; n--) {
          values.put(in.readUTF(), read(in, file, depth + 1));
        }
        yield new Node.Table(file, line, values);
      }
      default -> throw new IOException("no node of kind " + kind);
    };
  }
}
