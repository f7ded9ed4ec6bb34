package dev.vestibule.profile.source;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How does a built-in profile load without a TOML parser? The build writes its tree in this form,
 * with everything inherited, and the start of the machine reads it in a fraction of a parser's own
 * start-up.
 */
public final class CompactForm {
  private static final int DEEPEST = 16;

  private CompactForm() {}

  /** Writes a tree: the names of the files its nodes come from, then the nodes. */
  public static void write(DataOutputStream out, Node.Table tree) throws IOException {
    List<String> files = new ArrayList<>();
    collect(tree, files);
    out.writeShort(files.size());
    for (String file : files) {
      out.writeUTF(file);
    }
    write(out, tree, files);
  }

  private static void collect(Node node, List<String> files) {
    if (!files.contains(node.file())) {
      files.add(node.file());
    }
    if (node instanceof Node.Items items) {
      items.values().forEach(value -> collect(value, files));
    } else if (node instanceof Node.Table table) {
      table.values().values().forEach(value -> collect(value, files));
    }
  }

  private static void write(DataOutputStream out, Node node, List<String> files)
      throws IOException {
    out.writeByte(kind(node));
    out.writeByte(files.indexOf(node.file()));
    out.writeShort(node.line());
    switch (node) {
      case Node.Text text -> out.writeUTF(text.value());
      case Node.Number number -> out.writeLong(number.value());
      case Node.Flag flag -> out.writeBoolean(flag.value());
      case Node.Items items -> {
        out.writeShort(items.values().size());
        for (Node value : items.values()) {
          write(out, value, files);
        }
      }
      case Node.Table table -> {
        out.writeShort(table.values().size());
        for (Map.Entry<String, Node> entry : table.values().entrySet()) {
          out.writeUTF(entry.getKey());
          write(out, entry.getValue(), files);
        }
      }
    }
  }

  private static int kind(Node node) {
    return switch (node) {
      case Node.Text text -> 's';
      case Node.Number number -> number.hex() ? 'x' : 'n';
      case Node.Flag flag -> 'b';
      case Node.Items items -> 'a';
      case Node.Table table -> 't';
    };
  }

  /** Reads what {@link #write} wrote. */
  public static Node.Table read(DataInputStream in) throws IOException {
    String[] files = new String[in.readUnsignedShort()];
    for (int i = 0; i < files.length; i++) {
      files[i] = in.readUTF();
    }
    if (read(in, files, 0) instanceof Node.Table table) {
      return table;
    }
    throw new IOException("not a table");
  }

  private static Node read(DataInputStream in, String[] files, int depth) throws IOException {
    int kind = in.readByte();
    String file = files[in.readUnsignedByte()];
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
          values.add(read(in, files, depth + 1));
        }
        yield new Node.Items(file, line, values);
      }
      case 't' -> {
        Map<String, Node> values = new LinkedHashMap<>();
        for (int n = in.readUnsignedShort(); n > 0; n--) {
          values.put(in.readUTF(), read(in, files, depth + 1));
        }
        yield new Node.Table(file, line, values);
      }
      default -> throw new IOException("no node of kind " + kind);
    };
  }
}
