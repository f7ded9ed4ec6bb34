package dev.vestibule.declare;

import java.io.IOException;
import java.io.Writer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import javax.annotation.processing.AbstractProcessor;
import javax.annotation.processing.RoundEnvironment;
import javax.annotation.processing.SupportedAnnotationTypes;
import javax.lang.model.SourceVersion;
import javax.lang.model.element.Element;
import javax.lang.model.element.ExecutableElement;
import javax.lang.model.element.TypeElement;
import javax.lang.model.element.VariableElement;
import javax.lang.model.type.TypeKind;
import javax.tools.Diagnostic;

/**
 * How do {@link Instruction} rows become a decoder?
 *
 * <p>For every {@link InstructionSet} it writes one class with {@code decode(word)} (the row's
 * number, or -1), {@code build(row, word, builder)} (the row's meaning) and {@code Rows}, the table
 * for disassembler, assembler and tests. Overlapping rows and malformed patterns are compile errors
 * at the method that caused them.
 */
@SupportedAnnotationTypes("dev.vestibule.declare.InstructionSet")
public final class InstructionProcessor extends AbstractProcessor {
  private record Row(
      Element method, String owner, String call, Instruction text, Pattern pattern) {}

  @Override
  public SourceVersion getSupportedSourceVersion() {
    return SourceVersion.latestSupported();
  }

  @Override
  public boolean process(Set<? extends TypeElement> annotations, RoundEnvironment round) {
    for (Element set : round.getElementsAnnotatedWith(InstructionSet.class)) {
      try {
        write(set, rows(set, round));
      } catch (IOException e) {
        error(set, "cannot write the decoder: " + e.getMessage());
      }
    }
    return false;
  }

  private void error(Element at, String message) {
    processingEnv.getMessager().printMessage(Diagnostic.Kind.ERROR, message, at);
  }

  private static String packageOf(Element element) {
    Element e = element;
    while (!(e instanceof javax.lang.model.element.PackageElement)) {
      e = enclosing(e);
    }
    return e.toString();
  }

  /** What a class, method or field is written in. */
  private static Element enclosing(Element element) {
    return Objects.requireNonNull(element.getEnclosingElement(), "a package has no rows");
  }

  private List<Row> rows(Element set, RoundEnvironment round) {
    Map<String, Pattern.Field> fields =
        Pattern.fields(set.getAnnotation(InstructionSet.class).fields());
    List<Row> rows = new ArrayList<>();
    for (Element method : round.getElementsAnnotatedWith(Instruction.class)) {
      if (!packageOf(method).equals(packageOf(set))) {
        continue;
      }
      Instruction text = method.getAnnotation(Instruction.class);
      try {
        Pattern pattern = Pattern.parse(text.value(), fields);
        String owner = enclosing(method).getSimpleName().toString();
        String call = call(owner, (ExecutableElement) method, pattern, fields);
        rows.add(new Row(method, owner, call, text, pattern));
      } catch (Pattern.Malformed e) {
        error(method, "pattern \"" + text.value() + "\": " + e.getMessage());
      }
    }
    for (int i = 0; i < rows.size(); i++) {
      for (int j = 0; j < i; j++) {
        if (rows.get(i).pattern().overlaps(rows.get(j).pattern())) {
          error(
              rows.get(i).method(),
              "pattern overlaps that of " + rows.get(j).method().getSimpleName());
        }
      }
    }
    return rows;
  }

  private static String call(
      String owner, ExecutableElement method, Pattern pattern, Map<String, Pattern.Field> fields)
      throws Pattern.Malformed {
    StringBuilder call = new StringBuilder(owner + "." + method.getSimpleName() + "(m");
    List<? extends VariableElement> parameters = method.getParameters();
    for (VariableElement parameter : parameters.subList(1, parameters.size())) {
      String name = parameter.getSimpleName().toString();
      Pattern.Field field = fields.get(name);
      if (name.equals("word")) {
        call.append(", w");
      } else if (field == null || !pattern.fields().contains(name)) {
        throw new Pattern.Malformed("no field for parameter " + name);
      } else if (parameter.asType().getKind() == TypeKind.BOOLEAN) {
        call.append(", ").append(field.extract()).append(" != 0");
      } else {
        call.append(", ").append(field.extract());
      }
    }
    return call.append(")").toString();
  }

  private void write(Element set, List<Row> rows) throws IOException {
    InstructionSet text = set.getAnnotation(InstructionSet.class);
    String builder = "";
    for (Row row : rows) {
      builder = ((ExecutableElement) row.method()).getParameters().get(0).asType().toString();
    }
    StringBuilder java = new StringBuilder();
    java.append("package ").append(packageOf(set)).append(";\n\n");
    java.append("/** Decoder of all rows; written by the build from their declarations. */\n");
    java.append("final class ").append(text.decoder()).append(" {\n");
    java.append("  private ").append(text.decoder()).append("() {}\n\n");
    decode(java, rows);
    build(java, rows, builder);
    wide(java, rows);
    table(java, rows, text.fields());
    java.append("}\n");
    String name = packageOf(set) + "." + text.decoder();
    try (Writer writer = processingEnv.getFiler().createSourceFile(name, set).openWriter()) {
      writer.write(java.toString());
    }
  }

  /** A switch over the primary opcode, then one switch for each mask that occurs below it. */
  private static void decode(StringBuilder java, List<Row> rows) {
    Map<Integer, List<Integer>> groups = new TreeMap<>();
    for (int i = 0; i < rows.size(); i++) {
      groups.computeIfAbsent(rows.get(i).pattern().value() >>> 26, k -> new ArrayList<>()).add(i);
    }
    java.append("  /** Number of the row that matches a word, or -1. */\n");
    java.append("  static int decode(int w) {\n    return switch (w >>> 26) {\n");
    groups.keySet().forEach(p -> java.append("      case %d -> decode%d(w);\n".formatted(p, p)));
    java.append("      default -> -1;\n    };\n  }\n\n");
    groups.forEach((primary, members) -> {
      java.append("  private static int decode%d(int w) {\n".formatted(primary));
      Map<Integer, List<Integer>> masks = new LinkedHashMap<>();
      members.stream()
          .sorted(Comparator.comparingInt(i -> -Integer.bitCount(rows.get(i).pattern().mask())))
          .forEach(i ->
              masks.computeIfAbsent(rows.get(i).pattern().mask(), k -> new ArrayList<>()).add(i));
      masks.forEach((mask, same) -> {
        java.append("    switch (w & 0x%x) {\n".formatted(mask));
        for (int i : same) {
          java.append("      case 0x%x: return %d;\n".formatted(rows.get(i).pattern().value(), i));
        }
        java.append("      default: break;\n    }\n");
      });
      java.append("    return -1;\n  }\n\n");
    });
  }

  private static void build(StringBuilder java, List<Row> rows, String builder) {
    Map<String, List<Integer>> owners = new LinkedHashMap<>();
    for (int i = 0; i < rows.size(); i++) {
      owners.computeIfAbsent(rows.get(i).owner(), k -> new ArrayList<>()).add(i);
    }
    java.append("  /** Gives a word's meaning to the builder. */\n");
    java.append("  static void build(int row, int w, %s m) {\n".formatted(builder));
    java.append("    switch (OWNER[row]) {\n");
    int n = 0;
    for (String owner : owners.keySet()) {
      java.append("      case %d -> build%s(row, w, m);\n".formatted(n++, owner));
    }
    java.append("      default -> throw new AssertionError(row);\n    }\n  }\n\n");
    owners.forEach((owner, members) -> {
      java.append(
          "  private static void build%s(int row, int w, %s m) {\n    switch (row) {\n"
              .formatted(owner, builder));
      for (int i : members) {
        java.append("      case %d -> %s;\n".formatted(i, rows.get(i).call()));
      }
      java.append("      default -> throw new AssertionError(row);\n    }\n  }\n\n");
    });
    List<String> names = List.copyOf(owners.keySet());
    java.append("  private static final byte[] OWNER = {");
    for (Row row : rows) {
      java.append(names.indexOf(row.owner())).append(", ");
    }
    java.append("};\n\n");
  }

  private static void wide(StringBuilder java, List<Row> rows) {
    java.append("  /** Whether a row exists only with 64-bit registers. */\n");
    java.append("  static boolean wide(int row) {\n    return WIDE.charAt(row) == '1';\n  }\n\n");
    java.append("  private static final String WIDE = \"");
    rows.forEach(row -> java.append(row.text().wide() ? '1' : '0'));
    java.append("\";\n\n");
  }

  private static void table(StringBuilder java, List<Row> rows, String[] fields) {
    java.append("  /** The table itself, for disassembler, assembler and tests. */\n");
    java.append("  static final class Rows {\n    private Rows() {}\n\n");
    java.append("    static final int[] MASK = {");
    rows.forEach(row -> java.append("0x%x, ".formatted(row.pattern().mask())));
    java.append("};\n    static final int[] VALUE = {");
    rows.forEach(row -> java.append("0x%x, ".formatted(row.pattern().value())));
    java.append("};\n");
    strings(java, "ASM", rows.stream().map(row -> row.text().asm()).toList());
    strings(java, "SECTION", rows.stream().map(row -> row.text().section()).toList());
    strings(
        java, "OPERANDS", rows.stream().map(r -> String.join(" ", r.pattern().fields())).toList());
    strings(
        java,
        "METHOD",
        rows.stream().map(r -> r.owner() + "." + r.method().getSimpleName()).toList());
    strings(java, "FIELDS", List.of(fields));
    java.append("  }\n");
  }

  private static void strings(StringBuilder java, String name, List<String> values) {
    java.append("    static final String[] ").append(name).append(" = {\n");
    values.forEach(v -> java.append("      \"").append(v.replace("\"", "\\\"")).append("\",\n"));
    java.append("    };\n");
  }
}
