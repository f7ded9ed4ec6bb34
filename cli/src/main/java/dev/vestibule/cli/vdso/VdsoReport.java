package dev.vestibule.cli.vdso;

import dev.vestibule.elf.ElfException;
import dev.vestibule.elf.SharedObjectVerifier;
import dev.vestibule.inspect.Fact;
import dev.vestibule.inspect.ImageFacts;
import dev.vestibule.inspect.Sighting;
import dev.vestibule.inspect.Specimen;
import dev.vestibule.inspect.consumer.Verdict;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** How is what is known of an image put into lines, or into JSON? */
final class VdsoReport {
  private VdsoReport() {}

  private static String hex(@Nullable Long value) {
    return value == null ? "-" : "0x" + Long.toHexString(value);
  }

  /** What is wrong with an image in itself. */
  static List<String> findings(Specimen specimen) {
    List<String> lines = new ArrayList<>();
    for (SharedObjectVerifier.Finding finding : SharedObjectVerifier.verify(specimen.file())) {
      lines.add(finding.line(specimen.name()));
    }
    Sighting seen = specimen.sighting();
    if (seen != null && seen.moved()) {
      lines.add(specimen.name() + ": moved: " + moved(seen));
    }
    if (seen != null && seen.edit() != null && seen.edit().bytes() > 0) {
      lines.add(specimen.name() + ": edited: " + edited(seen.edit()));
    }
    return lines;
  }

  private static String moved(Sighting seen) {
    List<String> places = new ArrayList<>();
    for (Sighting.Way way : seen.ways()) {
      places.add(way.name() + " " + (way.address() == null ? way.remark() : hex(way.address())));
    }
    return String.join(", ", places);
  }

  private static String edited(Sighting.Edit edit) {
    return edit.bytes()
        + " bytes differ from "
        + edit.against()
        + ", the first at "
        + hex(edit.first())
        + ", in "
        + String.join(", ", edit.where());
  }

  private static void line(String text) {
    System.out.println(ElfException.oneLine(text));
  }

  private static void head(Specimen specimen) {
    line(specimen.name() + ":");
    if (specimen.kernel() != null) {
      line("kernel: " + specimen.kernel());
    }
    Sighting seen = specimen.sighting();
    if (seen == null) {
      return;
    }
    for (Sighting.Way way : seen.ways()) {
      line("found: %-10s %-14s %s".formatted(way.name(), hex(way.address()), way.remark()));
    }
    for (Sighting.Area area : seen.areas()) {
      line(
          "mapping: %-13s 0x%x..0x%x %s, 0x%x bytes"
              .formatted(
                  area.name().isEmpty() ? "(no name)" : area.name(),
                  area.start(),
                  area.end(),
                  area.permissions(),
                  area.size()));
    }
    if (!seen.observed()) {
      return;
    }
    line("moved: " + (seen.moved() ? "yes: " + moved(seen) : "no"));
    Sighting.Edit edit = seen.edit();
    line(
        "edited: "
            + (edit == null
                ? "unknown, there is no pristine image of this build to compare with"
                : edit.bytes() == 0
                    ? "no, the same as in " + edit.against()
                    : "yes: " + edited(edit)));
    if (seen.calls() > 0) {
      line("cost: " + seen.calls() + " host system calls");
    }
  }

  /** Prints everything in an image. */
  static void print(Specimen specimen) {
    head(specimen);
    for (Fact fact : ImageFacts.of(specimen)) {
      line(fact.kind() + ": " + fact.text());
      if (fact.values().get("rows") instanceof List<?> rows) {
        rows.forEach(row -> line("  " + row));
      }
    }
  }

  /** Prints a check's outcome. */
  static void print(Specimen specimen, List<String> findings, List<Verdict> verdicts) {
    head(specimen);
    findings.forEach(finding -> line("wrong: " + finding));
    for (Verdict verdict : verdicts) {
      line("consumer: " + verdict.consumer().title() + ": " + verdict.outcome().text());
      boolean bad = verdict.outcome() == Verdict.Outcome.FAILS;
      for (String reason : verdict.reasons()) {
        line("  " + reason + (bad ? " [" + verdict.consumer().source() + "]" : ""));
      }
    }
    line(findings.isEmpty() ? "result: nothing wrong" : "result: " + findings.size() + " wrong");
  }

  private static Map<String, Object> start(Specimen specimen) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("target", specimen.name());
    object.put("architecture", specimen.architecture());
    if (specimen.kernel() != null) {
      object.put("kernel", specimen.kernel());
    }
    Sighting seen = specimen.sighting();
    if (seen != null) {
      object.put("address", hex(seen.address()));
      object.put("ways", seen.ways().stream().map(VdsoReport::way).toList());
      object.put("mappings", seen.areas().stream().map(VdsoReport::area).toList());
      object.put("moved", seen.moved());
      Sighting.Edit edit = seen.edit();
      if (edit != null) {
        object.put(
            "edit",
            Map.of("against", edit.against(), "bytes", edit.bytes(), "where", edit.where()));
      }
      object.put("hostCalls", seen.calls());
    }
    return object;
  }

  private static Map<String, Object> way(Sighting.Way way) {
    return ordered("name", way.name(), "address", hex(way.address()), "remark", way.remark());
  }

  private static Map<String, Object> area(Sighting.Area area) {
    return ordered(
        "name",
        area.name(),
        "start",
        hex(area.start()),
        "end",
        hex(area.end()),
        "permissions",
        area.permissions());
  }

  private static Map<String, Object> ordered(Object... pairs) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      map.put((String) pairs[i], pairs[i + 1]);
    }
    return map;
  }

  /** Everything in an image as a tree. */
  static Map<String, Object> json(Specimen specimen) {
    Map<String, Object> object = start(specimen);
    List<Object> facts = new ArrayList<>();
    for (Fact fact : ImageFacts.of(specimen)) {
      Map<String, Object> each = ordered("kind", fact.kind(), "key", fact.key());
      each.putAll(fact.values());
      facts.add(each);
    }
    object.put("facts", facts);
    return object;
  }

  /** A check's outcome as a tree. */
  static Map<String, Object> json(
      Specimen specimen, List<String> findings, List<Verdict> verdicts) {
    Map<String, Object> object = start(specimen);
    object.put("wrong", findings);
    List<Object> consumers = new ArrayList<>();
    for (Verdict verdict : verdicts) {
      consumers.add(
          ordered(
              "id",
              verdict.consumer().id(),
              "title",
              verdict.consumer().title(),
              "outcome",
              verdict.outcome().text(),
              "reasons",
              verdict.reasons(),
              "source",
              verdict.consumer().source()));
    }
    object.put("consumers", consumers);
    return object;
  }
}
