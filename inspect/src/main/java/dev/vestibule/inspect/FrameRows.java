package dev.vestibule.inspect;

import dev.vestibule.elf.ElfException;
import dev.vestibule.elf.cfi.CfaRow;
import dev.vestibule.elf.cfi.Fde;
import dev.vestibule.elf.cfi.FrameTable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What does call-frame data say, address by address? The rules are written as readelf
 * --debug-dump=frames-interp writes them ({@code c-8}: at the CFA minus 8, {@code exp}: where an
 * expression says, {@code u}: lost), neighbouring columns of one rule together.
 */
final class FrameRows {
  private FrameRows() {}

  /** One line for each row, addresses relative to {@code base}. */
  static List<String> of(FrameTable table, Fde fde, String architecture, long base)
      throws ElfException {
    List<String> lines = new ArrayList<>();
    for (CfaRow.Span span : table.rows(fde)) {
      StringBuilder line = new StringBuilder("0x%04x cfa=".formatted(span.start() - base));
      line.append(cfa(span.row().cfa(), architecture));
      grouped(span.row(), fde.cie().returnColumn(), architecture)
          .forEach((columns, rule) -> line.append(' ').append(columns).append('=').append(rule));
      lines.add(line.toString());
    }
    return lines;
  }

  private static String cfa(CfaRow.Cfa cfa, String architecture) {
    return switch (cfa) {
      case CfaRow.Cfa.RegisterOffset at ->
          Columns.name(architecture, at.column()) + "%+d".formatted(at.offset());
      case CfaRow.Cfa.Expression expression -> "exp";
    };
  }

  private static String rule(CfaRow.Rule rule, String architecture) {
    return switch (rule) {
      case CfaRow.Rule.Undefined lost -> "u";
      case CfaRow.Rule.SameValue same -> "s";
      case CfaRow.Rule.Offset at -> "c%+d".formatted(at.offset());
      case CfaRow.Rule.ValOffset is -> "v%+d".formatted(is.offset());
      case CfaRow.Rule.Register in -> Columns.name(architecture, in.column());
      case CfaRow.Rule.Expression expression -> "exp";
      case CfaRow.Rule.ValExpression expression -> "vexp";
    };
  }

  private static Map<String, String> grouped(CfaRow row, int returnColumn, String architecture) {
    Map<String, String> groups = new LinkedHashMap<>();
    int first = -1;
    int last = -1;
    String rule = "";
    for (Map.Entry<Integer, CfaRow.Rule> entry : new TreeMap<>(row.rules()).entrySet()) {
      int column = entry.getKey();
      String here = rule(entry.getValue(), architecture);
      if (column != last + 1 || !here.equals(rule) || column == returnColumn) {
        group(groups, first, last, rule, returnColumn, architecture);
        first = column;
      }
      last = column;
      rule = here;
      if (column == returnColumn) {
        group(groups, first, last, rule, returnColumn, architecture);
        first = -1;
        last = -1;
      }
    }
    group(groups, first, last, rule, returnColumn, architecture);
    return groups;
  }

  private static void group(
      Map<String, String> groups,
      int first,
      int last,
      String rule,
      int returnColumn,
      String architecture) {
    if (first < 0) {
      return;
    }
    String name = first == returnColumn ? "ra" : Columns.name(architecture, first);
    groups.put(first == last ? name : name + ".." + Columns.name(architecture, last), rule);
  }
}
