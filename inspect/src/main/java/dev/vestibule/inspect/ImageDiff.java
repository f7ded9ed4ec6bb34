package dev.vestibule.inspect;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** What differs between two images, by what a program can see of them? */
public final class ImageDiff {
  /**
   * One difference.
   *
   * @param kind as of a {@link Fact}
   * @param key what it is about
   * @param what happened: {@code added}, {@code removed} or {@code changed}
   * @param fields what changed: field -> both values; empty if it is added or removed
   * @param text as one line
   */
  public record Difference(
      String kind, String key, String what, Map<String, List<Object>> fields, String text) {}

  private ImageDiff() {}

  /** The differences, in the order of the facts of the first image, then of the second. */
  public static List<Difference> of(Specimen before, Specimen after) {
    List<Difference> differences = new ArrayList<>();
    Map<String, Fact> left = byKey(before);
    Map<String, Fact> right = byKey(after);
    for (Map.Entry<String, Fact> entry : left.entrySet()) {
      Fact was = entry.getValue();
      Fact is = right.get(entry.getKey());
      if (is == null) {
        differences.add(whole(was, "removed", '-'));
      } else if (!was.values().equals(is.values())) {
        differences.add(changed(was, is));
      }
    }
    for (Map.Entry<String, Fact> entry : right.entrySet()) {
      if (!left.containsKey(entry.getKey())) {
        differences.add(whole(entry.getValue(), "added", '+'));
      }
    }
    return differences;
  }

  private static Map<String, Fact> byKey(Specimen specimen) {
    Map<String, Fact> facts = new LinkedHashMap<>();
    for (Fact fact : ImageFacts.of(specimen)) {
      String key = fact.kind() + " " + fact.key();
      String unique = key;
      for (int n = 2; facts.containsKey(unique); n++) {
        unique = key + " " + n;
      }
      facts.put(unique, fact);
    }
    return facts;
  }

  private static Difference whole(Fact fact, String what, char sign) {
    return new Difference(
        fact.kind(), fact.key(), what, Map.of(), sign + " " + fact.kind() + " " + fact.text());
  }

  private static Difference changed(Fact was, Fact is) {
    Map<String, List<Object>> fields = new LinkedHashMap<>();
    List<String> words = new ArrayList<>();
    was.values()
        .forEach((field, old) -> {
          Object now = is.values().get(field);
          if (!Objects.equals(old, now) && now != null) {
            fields.put(field, List.of(old, now));
            words.add(words(field, old, now));
          }
        });
    String about = was.key().isEmpty() ? was.kind() : was.kind() + " " + was.key();
    return new Difference(
        was.kind(), was.key(), "changed", fields, "~ " + about + ": " + String.join(", ", words));
  }

  private static String words(String field, Object old, Object now) {
    if (old instanceof List<?> || field.equals("code")) {
      return field + " differ" + (field.equals("code") ? "s" : "");
    }
    return field + " " + text(field, old) + " -> " + text(field, now);
  }

  private static String text(String field, Object value) {
    boolean place = field.equals("address") || field.equals("offset") || field.equals("entry");
    return place && value instanceof Long number
        ? "0x" + Long.toHexString(number)
        : String.valueOf(value);
  }
}
