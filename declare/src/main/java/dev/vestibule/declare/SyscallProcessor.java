package dev.vestibule.declare;

import java.io.IOException;
import java.io.Writer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
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
import org.jspecify.annotations.Nullable;

/**
 * How do {@link Syscall} methods become a dispatcher?
 *
 * <p>For the {@link SyscallSet} it writes one class with {@code call(row, task, arguments)} and the
 * table of rows for observers and documentation. A wrong number of kinds or a name declared twice
 * is a compile error at its method.
 */
@SupportedAnnotationTypes("dev.vestibule.declare.SyscallSet")
public final class SyscallProcessor extends AbstractProcessor {
  /** How many cases a switch has at most. */
  private static final int MOST_CASES = 4;

  private record Row(
      List<String> names, Syscall text, List<String> kinds, List<String> parameters, String call) {}

  @Override
  public SourceVersion getSupportedSourceVersion() {
    return SourceVersion.latestSupported();
  }

  @Override
  public boolean process(Set<? extends TypeElement> annotations, RoundEnvironment round) {
    for (Element set : round.getElementsAnnotatedWith(SyscallSet.class)) {
      try {
        write(set, rows(round));
      } catch (IOException e) {
        error(set, "cannot write the dispatcher: " + e.getMessage());
      }
    }
    return false;
  }

  private void error(Element at, String message) {
    processingEnv.getMessager().printMessage(Diagnostic.Kind.ERROR, message, at);
  }

  private List<Row> rows(RoundEnvironment round) {
    Map<String, Element> seen = new HashMap<>();
    List<Row> rows = new ArrayList<>();
    for (Element method : round.getElementsAnnotatedWith(Syscall.class)) {
      Syscall text = method.getAnnotation(Syscall.class);
      List<String> names =
          text.names().length == 0
              ? List.of(method.getSimpleName().toString())
              : List.of(text.names());
      for (String name : names) {
        if (seen.put(name, method) != null) {
          error(method, name + " is declared twice");
        }
      }
      Row row = row((ExecutableElement) method, names, text);
      if (row != null) {
        rows.add(row);
      }
    }
    rows.sort((a, b) -> a.names().get(0).compareTo(b.names().get(0)));
    return rows;
  }

  private @Nullable Row row(ExecutableElement method, List<String> names, Syscall text) {
    List<? extends VariableElement> parameters = method.getParameters();
    List<String> kinds =
        text.args().isBlank()
            ? List.of()
            : List.of(text.args().strip().toUpperCase(Locale.ROOT).split("\\s*,\\s*"));
    if (parameters.isEmpty() || kinds.size() != parameters.size() - 1) {
      error(method, kinds.size() + " kinds for the parameters behind the task");
      return null;
    }
    TypeElement room =
        (TypeElement)
            Objects.requireNonNull(method.getEnclosingElement(), "a method is in a class");
    String owner = room.getQualifiedName().toString();
    StringBuilder call = new StringBuilder(owner + "." + method.getSimpleName() + "(t");
    List<String> shown = new ArrayList<>();
    for (int i = 0; i < kinds.size(); i++) {
      VariableElement parameter = parameters.get(i + 1);
      boolean isInt = parameter.asType().getKind() == TypeKind.INT;
      if (!isInt && parameter.asType().getKind() != TypeKind.LONG) {
        error(parameter, "an argument is an int or a long");
      }
      call.append(isInt ? ", (int) a[" : ", a[").append(i).append(']');
      shown.add(parameter.getSimpleName().toString());
    }
    return new Row(names, text, kinds, shown, call.append(")").toString());
  }

  private void write(Element set, List<Row> rows) throws IOException {
    SyscallSet text = set.getAnnotation(SyscallSet.class);
    String home = processingEnv.getElementUtils().getPackageOf(set).toString();
    StringBuilder java = new StringBuilder();
    java.append("package ").append(home).append(";\n\n");
    java.append("import static ").append(text.kinds()).append(".*;\n\n");
    java.append("/** All system calls; written by the build from their declarations. */\n");
    java.append("final class ").append(text.dispatcher()).append(" {\n");
    java.append("  private ").append(text.dispatcher()).append("() {}\n\n");
    java.append("  /** Carries out one call with decoded arguments. */\n");
    java.append("  static long call(int row, dev.vestibule.kernel.Task t, long[] a) {\n");
    java.append("    return %s;\n  }\n\n".formatted(part(0, rows.size())));
    writeCalls(java, rows, 0, rows.size());
    java.append("  /** The declarations, by row. */\n");
    java.append("  static java.util.List<SyscallRow> rows() {\n");
    java.append("    java.util.List<SyscallRow> rows = new java.util.ArrayList<>();\n");
    for (int i = 0; i < rows.size(); i += 50) {
      java.append("    rows%d(rows);\n".formatted(i));
    }
    java.append("    return rows;\n  }\n");
    for (int i = 0; i < rows.size(); i++) {
      if (i % 50 == 0) {
        java.append(i == 0 ? "" : "  }\n");
        java.append(
            "\n  private static void rows%d(java.util.List<SyscallRow> rows) {\n".formatted(i));
      }
      java.append("    rows.add(%s);\n".formatted(constructor(i, rows.get(i))));
    }
    java.append(rows.isEmpty() ? "}\n" : "  }\n}\n");
    String name = home + "." + text.dispatcher();
    try (Writer writer = processingEnv.getFiler().createSourceFile(name, set).openWriter()) {
      writer.write(java.toString());
    }
  }

  /** The call of the method that carries out the rows of a range. */
  private static String part(int from, int to) {
    return "call%dTo%d(row, t, a)".formatted(from, to);
  }

  /**
   * Methods that carry out the rows of a range: halves, down to a few rows. Large switches are slow
   * where only the JVM's quick compiler runs, which makes a comparison of each case.
   */
  private static void writeCalls(StringBuilder java, List<Row> rows, int from, int to) {
    java.append("  private static long call%dTo%d(".formatted(from, to));
    java.append("int row, dev.vestibule.kernel.Task t, long[] a) {\n");
    if (to - from > MOST_CASES) {
      int middle = (from + to) >>> 1;
      java.append(
          "    return row < %d ? %s : %s;\n  }\n\n"
              .formatted(middle, part(from, middle), part(middle, to)));
      writeCalls(java, rows, from, middle);
      writeCalls(java, rows, middle, to);
      return;
    }
    java.append("    return switch (row) {\n");
    for (int i = from; i < to; i++) {
      java.append("      case %d -> %s;\n".formatted(i, rows.get(i).call()));
    }
    java.append("      default -> throw new AssertionError(row);\n    };\n  }\n\n");
  }

  private static String constructor(int number, Row row) {
    Syscall text = row.text();
    return "new SyscallRow(%d, %s, java.util.List.of(%s), %s, %s, %s, %s, %s, %s)"
        .formatted(
            number,
            strings(row.names()),
            String.join(", ", row.kinds()),
            strings(row.parameters()),
            quoted(text.since()),
            quoted(text.until()),
            "SyscallRow.Support." + text.level(),
            quoted(text.note()),
            "SyscallRow.Result." + text.result());
  }

  private static String strings(List<String> values) {
    return values.stream()
        .map(SyscallProcessor::quoted)
        .collect(Collectors.joining(", ", "java.util.List.of(", ")"));
  }

  private static String quoted(String value) {
    return '"' + value.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }
}
