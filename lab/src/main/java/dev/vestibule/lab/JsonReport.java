package dev.vestibule.lab;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** How are a lab's outcomes written for other programs? */
public final class JsonReport {
  private JsonReport() {}

  /**
   * An object with two arrays, {@code programs} and {@code breakages}, and in them one object for
   * each outcome; field names are those of {@link Outcome}.
   */
  public static String of(List<Outcome> programs, List<Outcome> breakages) {
    return "{\"programs\": " + array(programs) + ", \"breakages\": " + array(breakages) + "}\n";
  }

  private static String array(List<Outcome> outcomes) {
    return outcomes.stream()
        .map(JsonReport::object)
        .collect(Collectors.joining(",\n  ", "[\n  ", "\n]"));
  }

  private static String object(Outcome o) {
    Outcome.Pages pages = o.pages();
    String where =
        pages == null
            ? "null"
            : "{\"vdso\": %s, \"vdsoMapping\": %s, \"dataMapping\": %s}"
                .formatted(
                    text("0x" + Long.toHexString(pages.vdso())),
                    text(pages.vdsoMapping()),
                    text(pages.dataMapping()));
    return """
    {"program": %s, "kernel": %s, "verdict": %s, "status": %d, "nanos": %d, \
    "vdsoCalls": %s, "syscalls": %s, "pages": %s, "output": %s}\
    """
        .formatted(
            text(o.program()),
            text(o.kernel()),
            text(o.verdict().name().toLowerCase(Locale.ROOT)),
            o.status(),
            o.nanos(),
            counts(o.vdsoCalls()),
            counts(o.syscalls()),
            where,
            text(o.output()));
  }

  private static String counts(Map<String, Long> counts) {
    return counts.entrySet().stream()
        .map(entry -> text(entry.getKey()) + ": " + entry.getValue())
        .collect(Collectors.joining(", ", "{", "}"));
  }

  private static String text(String value) {
    StringBuilder json = new StringBuilder("\"");
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      switch (c) {
        case '"' -> json.append("\\\"");
        case '\\' -> json.append("\\\\");
        case '\n' -> json.append("\\n");
        default -> {
          if (c < 0x20 || c == 0x7f) {
            json.append("\\u%04x".formatted((int) c));
          } else {
            json.append(c);
          }
        }
      }
    }
    return json.append('"').toString();
  }
}
