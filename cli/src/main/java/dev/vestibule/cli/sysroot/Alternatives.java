package dev.vestibule.cli.sysroot;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which generic names (awk, cc, pager) a package offers, read from its postinst script
 * (update-alternatives(1)); the script itself is never run.
 */
final class Alternatives {
  /**
   * One symbolic link: {@code link} leads to {@code path} through {@code /etc/alternatives/name}.
   */
  record Link(String link, String name, String path) {}

  /** One {@code --install}: its link, its priority, and the links that follow the same choice. */
  record Offer(Link master, int priority, List<Link> slaves) {}

  /** What could be read, and how many offers had names that only running the script would tell. */
  record Reading(List<Offer> offers, int computed) {}

  private Alternatives() {}

  static Reading read(String script) {
    List<Offer> offers = new ArrayList<>();
    int computed = 0;
    for (List<String> command : commands(script)) {
      // Words such as "then" may stand before the program.
      int install = command.indexOf("--install");
      if (install < 0 || !command.subList(0, install).contains("update-alternatives")) {
        continue;
      }
      Offer offer = offer(command.subList(install + 1, command.size()));
      if (offer == null) {
        computed++;
      } else {
        offers.add(offer);
      }
    }
    return new Reading(offers, computed);
  }

  private static @Nullable Offer offer(List<String> words) {
    if (words.size() < 4
        || words.subList(0, 4).stream().anyMatch(Alternatives::isComputed)
        || !words.get(3).matches("-?\\d{1,9}")) {
      return null;
    }
    List<Link> slaves = new ArrayList<>();
    for (int i = 4; i + 3 < words.size() && words.get(i).equals("--slave"); i += 4) {
      if (words.subList(i, i + 4).stream().noneMatch(Alternatives::isComputed)) {
        slaves.add(new Link(words.get(i + 1), words.get(i + 2), words.get(i + 3)));
      }
    }
    Link master = new Link(words.get(0), words.get(1), words.get(2));
    return new Offer(master, Integer.parseInt(words.get(3)), slaves);
  }

  private static boolean isComputed(String word) {
    return word.indexOf('$') >= 0 || word.indexOf('`') >= 0;
  }

  /** The simple commands of a shell script as words; expansions are left as they are written. */
  static List<List<String>> commands(String script) {
    String text = script.replace("\\\n", " ");
    List<List<String>> commands = new ArrayList<>();
    List<String> words = new ArrayList<>();
    StringBuilder word = new StringBuilder();
    boolean inWord = false;
    char quote = 0;
    for (int i = 0; i <= text.length(); i++) {
      char c = i < text.length() ? text.charAt(i) : '\n';
      if (quote != 0) {
        if (c == quote) {
          quote = 0;
        } else {
          word.append(c);
        }
      } else if (c == '\'' || c == '"') {
        quote = c;
        inWord = true;
      } else if (c == '\\' && i + 1 < text.length()) {
        word.append(text.charAt(++i));
        inWord = true;
      } else if (c == '#' && !inWord) {
        int end = text.indexOf('\n', i);
        i = (end < 0 ? text.length() : end) - 1;
      } else if (" \t\n;&|()".indexOf(c) < 0) {
        word.append(c);
        inWord = true;
      } else {
        if (inWord) {
          words.add(word.toString());
          word.setLength(0);
          inWord = false;
        }
        if (c != ' ' && c != '\t' && !words.isEmpty()) {
          commands.add(words);
          words = new ArrayList<>();
        }
      }
    }
    return commands;
  }
}
