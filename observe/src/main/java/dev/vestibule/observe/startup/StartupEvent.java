package dev.vestibule.observe.startup;

import dev.vestibule.kernel.rseq.Ownership;
import dev.vestibule.kernel.rseq.Rseq;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What has happened, when, and because of whom?
 *
 * @param nanos since the process began to exist
 * @param object file name of the object concerned, or empty
 * @param symbol the function concerned, or where in the object it is, or empty
 * @param detail more, or empty
 * @param state whose the thread's restartable sequences are behind the event
 * @param owner file name of the object that has registered the area, or empty
 * @param area the thread's registration of restartable sequences behind the event, or null
 */
record StartupEvent(
    long nanos,
    int pid,
    int tid,
    Stage stage,
    String object,
    String symbol,
    String detail,
    Ownership.State state,
    String owner,
    Rseq.@Nullable Registration area) {

  /** A line for people. */
  String text() {
    StringBuilder line = new StringBuilder("startup: ");
    line.append(String.format(Locale.ROOT, "%d %10.6f %-15s", tid, nanos / 1e9, stage.label()));
    for (String part : new String[] {object, symbol, detail}) {
      line.append(part.isEmpty() ? "" : " " + part);
    }
    line.append("; rseq ").append(state.label());
    if (area != null) {
      line.append(" 0x").append(Long.toHexString(area.address()));
    }
    return line.toString();
  }

  /** A JSON object on one line. */
  String json() {
    StringBuilder line = new StringBuilder("{");
    line.append(String.format(Locale.ROOT, "\"seconds\":%.6f,\"pid\":%d", nanos / 1e9, pid));
    line.append(",\"tid\":").append(tid);
    member(line, "stage", stage.label());
    member(line, "object", object);
    member(line, "symbol", symbol);
    member(line, "detail", detail);
    line.append(",\"rseq\":{\"state\":\"").append(state.label()).append('"');
    if (area != null) {
      member(line, "owner", owner);
      line.append(",\"address\":\"0x").append(Long.toHexString(area.address()));
      line.append("\",\"length\":").append(area.length());
      line.append(",\"signature\":\"0x").append(Integer.toHexString(area.signature())).append('"');
    }
    return line.append("}}").toString();
  }

  private static void member(StringBuilder line, String name, String value) {
    if (value.isEmpty()) {
      return;
    }
    line.append(",\"").append(name).append("\":\"");
    for (char c : value.toCharArray()) {
      if (c == '"' || c == '\\') {
        line.append('\\').append(c);
      } else if (c < ' ') {
        line.append(String.format("\\u%04x", (int) c));
      } else {
        line.append(c);
      }
    }
    line.append('"');
  }
}
