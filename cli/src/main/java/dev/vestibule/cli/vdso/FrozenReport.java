package dev.vestibule.cli.vdso;

import dev.vestibule.checkpoint.ImageException;
import dev.vestibule.checkpoint.show.ShownDirectory;
import dev.vestibule.checkpoint.show.ShownProcess;
import dev.vestibule.cli.CommandFailure;
import dev.vestibule.elf.ElfException;
import dev.vestibule.inspect.Fact;
import dev.vestibule.inspect.InspectException;
import dev.vestibule.inspect.Specimen;
import dev.vestibule.inspect.VdsoFinder;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** How is a directory of images put into lines, or into JSON: its processes, then their vDSOs? */
final class FrozenReport {
  private FrozenReport() {}

  /** Whether a word names a directory of images. */
  static boolean isMeant(String word) {
    try {
      return ShownDirectory.is(Path.of(word));
    } catch (InvalidPathException e) {
      return false;
    }
  }

  private static ShownDirectory read(String word) throws CommandFailure {
    try {
      return ShownDirectory.read(Path.of(word));
    } catch (ImageException e) {
      throw CommandFailure.ours(
          ElfException.oneLine(word) + ": " + ElfException.oneLine(e.getMessage()));
    }
  }

  /** The vDSOs of all processes that have one, each image once. */
  static List<Specimen> specimens(String word) throws CommandFailure, InspectException {
    List<Specimen> all = new ArrayList<>();
    InspectException none = new InspectException(word, "holds no process with memory");
    for (ShownProcess process : read(word).processes()) {
      if (!process.hasMemory()) {
        continue;
      }
      try {
        Specimen found = VdsoFinder.find(process, null);
        if (all.stream().noneMatch(known -> isSame(known, found))) {
          all.add(found);
        }
      } catch (InspectException e) {
        none = e;
      }
    }
    if (all.isEmpty()) {
      throw none;
    }
    return all;
  }

  private static boolean isSame(Specimen one, Specimen other) {
    return Arrays.equals(one.bytes(), other.bytes());
  }

  private static void line(String text) {
    System.out.println(ElfException.oneLine(text));
  }

  /** Prints all of a directory. */
  static void print(String word) throws CommandFailure {
    ShownDirectory directory = read(word);
    line(word + ":");
    directory.facts().forEach(fact -> line(fact.kind() + ": " + fact.text()));
    List<Specimen> printed = new ArrayList<>();
    for (ShownProcess process : directory.processes()) {
      process.facts().forEach(fact -> line(fact.kind() + ": " + fact.text()));
      if (process.hasMemory()) {
        printImage(process, printed);
      }
    }
  }

  private static void printImage(ShownProcess process, List<Specimen> printed) {
    try {
      Specimen found = VdsoFinder.find(process, null);
      for (Specimen known : printed) {
        if (isSame(known, found)) {
          line("vdso: the same image as " + known.name() + " has");
          return;
        }
      }
      printed.add(found);
      VdsoReport.print(found);
    } catch (InspectException e) {
      line("vdso: " + e.getMessage());
    }
  }

  /** All of a directory as a tree. */
  static Map<String, Object> json(String word) throws CommandFailure {
    ShownDirectory directory = read(word);
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("target", word);
    object.put("facts", directory.facts().stream().map(FrozenReport::json).toList());
    List<Object> processes = new ArrayList<>();
    for (ShownProcess process : directory.processes()) {
      Map<String, Object> each = new LinkedHashMap<>();
      each.put("pid", process.pid());
      each.put("facts", process.facts().stream().map(FrozenReport::json).toList());
      if (process.hasMemory()) {
        try {
          each.put("vdso", VdsoReport.json(VdsoFinder.find(process, null)));
        } catch (InspectException e) {
          each.put("noVdso", e.getMessage());
        }
      }
      processes.add(each);
    }
    object.put("processes", processes);
    return object;
  }

  private static Map<String, Object> json(Fact fact) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("kind", fact.kind());
    object.put("key", fact.key());
    object.putAll(fact.values());
    return object;
  }
}
