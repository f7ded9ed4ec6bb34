package dev.vestibule.lab;

import dev.vestibule.kernel.rseq.RseqOwner;
import dev.vestibule.profile.ProfileException;
import dev.vestibule.profile.source.Node;
import dev.vestibule.profile.source.TableReader;
import dev.vestibule.profile.source.TomlFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Which breakages are known? Read from TOML; mistakes name file, line and field. */
public final class Breakages {
  private static final String BUNDLED = "breakages.toml";

  private Breakages() {}

  /** Those that come with the lab. */
  public static List<Breakage> bundled() {
    try (InputStream in = Breakages.class.getResourceAsStream(BUNDLED)) {
      if (in == null) {
        throw new IllegalStateException(BUNDLED + " is not in the module");
      }
      return parse(BUNDLED, new String(in.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (ProfileException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A user's own. */
  public static List<Breakage> of(Path file) throws IOException, ProfileException {
    return parse(file.toString(), Files.readString(file));
  }

  static List<Breakage> parse(String file, String text) throws ProfileException {
    Node.Table root = TomlFile.parse(file, text);
    TableReader reader = new TableReader(root, "");
    List<Breakage> breakages = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (TableReader table : reader.tables("breakage")) {
      Breakage breakage = breakage(table);
      if (!names.add(breakage.name())) {
        throw table.wrong("name", "there is another " + breakage.name());
      }
      breakages.add(breakage);
    }
    reader.end();
    return List.copyOf(breakages);
  }

  private static Breakage breakage(TableReader table) throws ProfileException {
    List<Breakage.Failing> failures = new ArrayList<>();
    for (TableReader failing :
        table.has("fails") ? table.tables("fails") : List.<TableReader>of()) {
      String says = failing.textOrNull("says");
      failures.add(
          new Breakage.Failing(
              kernels(failing, "kernels"), failing.text("how"), says == null ? "" : says));
      failing.end();
    }
    Breakage breakage =
        new Breakage(
            table.text("name"),
            table.text("change"),
            table.text("broke"),
            table.text("source"),
            table.text("program"),
            table.has("arguments") ? table.texts("arguments") : List.of(),
            !table.has("vdso") || table.flag("vdso"),
            table.has("environment") ? table.texts("environment") : List.of(),
            owner(table),
            table.has("sysroot") && table.flag("sysroot"),
            kernels(table, "kernels"),
            List.copyOf(failures));
    table.end();
    return breakage;
  }

  private static RseqOwner owner(TableReader table) throws ProfileException {
    String name = "rseq-owner";
    RseqOwner owner = table.has(name) ? RseqOwner.of(table.text(name)) : RseqOwner.AUTO;
    if (owner == null) {
      throw table.wrong(
          name, "is none of auto, libc, preload, none, and no library's name or path");
    }
    return owner;
  }

  private static List<KernelSet> kernels(TableReader table, String key) throws ProfileException {
    List<KernelSet> sets = new ArrayList<>();
    for (String text : table.texts(key)) {
      KernelSet set = KernelSet.parse(text);
      if (set == null) {
        throw table.wrong(key, "'" + text + "' is no family with a range, like ppc64 5.11..5.15");
      }
      sets.add(set);
    }
    return List.copyOf(sets);
  }
}
