package dev.vestibule.cli.vdso;

import dev.vestibule.cli.CommandFailure;
import dev.vestibule.inspect.ImageDiff;
import dev.vestibule.inspect.Specimen;
import dev.vestibule.inspect.consumer.Consumers;
import dev.vestibule.inspect.consumer.Verdict;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** What does {@code vestibule vdso} take? */
@Command(
    name = "vdso",
    description = "Show, check, extract or compare vDSO images, or find them in processes.",
    footer = {"", VdsoTarget.FOOTER},
    subcommands = {ExtractCommand.class, FindCommand.class})
public final class VdsoCommand implements Callable<Integer> {
  @Spec private @Nullable CommandSpec spec;

  @Command(
      name = "show",
      description = "Print where images lie and everything that is in them.",
      footer = {"", VdsoTarget.FOOTER})
  int show(
      @Option(names = "--json", description = "write JSON") boolean json,
      @Parameters(paramLabel = "TARGET", arity = "1..*") List<String> targets)
      throws CommandFailure {
    List<Object> all = new ArrayList<>();
    for (String target : targets) {
      if (FrozenReport.isMeant(target)) {
        show(target, json, all);
        continue;
      }
      for (Specimen specimen : VdsoTarget.of(target)) {
        if (json) {
          all.add(VdsoReport.json(specimen));
        } else {
          VdsoReport.print(specimen);
        }
      }
    }
    if (json) {
      System.out.print(Json.of(all));
    }
    return 0;
  }

  private static void show(String directory, boolean json, List<Object> all) throws CommandFailure {
    if (json) {
      all.add(FrozenReport.json(directory));
    } else {
      FrozenReport.print(directory);
    }
  }

  @Command(
      name = "check",
      description = {
        "Say what no kernel would hand out, what was moved or edited, and who trips over it.",
        "Exits with 1 if an image breaks a rule of its own, was moved or was edited; a consumer's"
            + " verdict alone does not count."
      },
      footer = {"", VdsoTarget.FOOTER})
  int check(
      @Option(names = "--json", description = "write JSON") boolean json,
      @Parameters(paramLabel = "TARGET", arity = "1..*") List<String> targets)
      throws CommandFailure {
    List<Object> all = new ArrayList<>();
    boolean wrong = false;
    for (Specimen specimen : specimens(targets)) {
      List<String> findings = VdsoReport.findings(specimen);
      List<Verdict> verdicts = Consumers.judge(specimen);
      wrong |= !findings.isEmpty();
      if (json) {
        all.add(VdsoReport.json(specimen, findings, verdicts));
      } else {
        VdsoReport.print(specimen, findings, verdicts);
      }
    }
    if (json) {
      System.out.print(Json.of(all));
    }
    return wrong ? 1 : 0;
  }

  @Command(
      name = "diff",
      description =
          "Compare two images by what a program sees of them; exits with 1 if they" + " differ.",
      footer = {"", VdsoTarget.FOOTER})
  int diff(
      @Option(names = "--json", description = "write JSON") boolean json,
      @Parameters(paramLabel = "TARGET") String one,
      @Parameters(paramLabel = "TARGET") String two)
      throws CommandFailure {
    List<Specimen> right = new ArrayList<>(VdsoTarget.of(two));
    List<Object> all = new ArrayList<>();
    boolean same = true;
    for (Specimen left : VdsoTarget.of(one)) {
      Specimen other = counterpart(left, right);
      if (other == null) {
        throw CommandFailure.ours(two + ": no image for " + left.architecture());
      }
      List<ImageDiff.Difference> differences = ImageDiff.of(left, other);
      same &= differences.isEmpty();
      if (!json) {
        differences.forEach(difference -> System.out.println(difference.text()));
      }
      for (ImageDiff.Difference d : differences) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("architecture", left.architecture());
        object.put("kind", d.kind());
        object.put("key", d.key());
        object.put("change", d.what());
        object.put("fields", d.fields());
        all.add(object);
      }
    }
    if (json) {
      System.out.print(Json.of(all));
    }
    return same ? 0 : 1;
  }

  /** Of several images, the one for the same architecture; of one, that one. */
  private static @Nullable Specimen counterpart(Specimen left, List<Specimen> right) {
    if (right.size() == 1) {
      return right.getFirst();
    }
    for (Specimen candidate : right) {
      if (candidate.architecture().equals(left.architecture())) {
        return candidate;
      }
    }
    return null;
  }

  private static List<Specimen> specimens(List<String> targets) throws CommandFailure {
    List<Specimen> all = new ArrayList<>();
    for (String target : targets) {
      all.addAll(VdsoTarget.of(target));
    }
    return all;
  }

  @Override
  public Integer call() {
    if (spec != null) {
      spec.commandLine().usage(System.err);
    }
    return CommandFailure.OURS;
  }
}
