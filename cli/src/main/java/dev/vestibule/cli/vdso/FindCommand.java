package dev.vestibule.cli.vdso;

import dev.vestibule.cli.CommandFailure;
import dev.vestibule.elf.ElfException;
import dev.vestibule.handed.VdsoImages;
import dev.vestibule.inspect.EditedVdso;
import dev.vestibule.inspect.HostNameProbe;
import dev.vestibule.inspect.HostProcess;
import dev.vestibule.inspect.InspectException;
import dev.vestibule.inspect.NameProbe;
import dev.vestibule.inspect.Recognition;
import dev.vestibule.inspect.Strategy;
import dev.vestibule.lab.Programs;
import dev.vestibule.lab.Recognitions;
import dev.vestibule.lab.VdsoState;
import dev.vestibule.profile.KernelProfile;
import dev.vestibule.profile.ProfileException;
import dev.vestibule.profile.Profiles;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What does {@code vestibule vdso find} do? */
@Command(
    name = "find",
    description = {
      "Say where a process has its vDSO, by the strategy that a checkpointer would take.",
      "Exits with 1 if that finds none, or is known to be wrong."
    },
    footer = {
      "",
      "TARGET is pid:N, or profile:NAME: a program run under that kernel, which brings its vDSO into"
          + " the state of --state and is looked at when it is about to end."
    },
    sortOptions = false)
final class FindCommand implements Callable<Integer> {
  @Parameters(paramLabel = "TARGET", arity = "0..1")
  private String target = "";

  @Option(
      names = "--state",
      paramLabel = "STATE",
      description =
          "what the program does to its vDSO: stay, move, replace, proxy, copy, edit or unmap, or"
              + " container: nothing, in a container (stay)")
  private @Nullable String state;

  @Option(
      names = "--unprivileged",
      description = "look as somebody who is not root in the guest's world")
  private boolean unprivileged;

  @Option(names = "--explain", description = "show each strategy's verdict and its system calls")
  private boolean explain;

  @Option(names = "--table", description = "print the page docs/recognition.md")
  private boolean table;

  @Option(names = "--json", description = "write JSON")
  private boolean json;

  /** What is known of a target; judgements are null where the truth is not known. */
  private record Report(
      String subject,
      boolean truthKnown,
      @Nullable Long truth,
      NameProbe probe,
      Strategy chosen,
      List<Recognition.Answer> answers,
      List<EditedVdso.Change> edits) {
    Recognition.@Nullable Judgement judgement(Recognition.Answer answer) {
      return truthKnown ? Recognition.judge(answer, truth) : null;
    }

    Recognition.Answer choice() {
      return answers.get(chosen.ordinal());
    }
  }

  @Override
  public Integer call() throws CommandFailure {
    Report report;
    try {
      if (table) {
        System.out.print(RecognitionPage.text());
        return 0;
      }
      if (target.startsWith("profile:")) {
        report = guest(target.substring("profile:".length()));
      } else if (target.matches("pid:([0-9]{1,10}|self)")) {
        if (state != null || unprivileged) {
          throw CommandFailure.ours("--state and --unprivileged are for profile:NAME");
        }
        report = host(target.substring("pid:".length()));
      } else {
        throw CommandFailure.ours(
            (target.isEmpty() ? "vdso find" : ElfException.oneLine(target))
                + ": neither pid:N nor profile:NAME");
      }
    } catch (InspectException | ProfileException e) {
      throw CommandFailure.ours(e.getMessage());
    } catch (IOException e) {
      throw CommandFailure.ours("the bundled programs cannot be unpacked: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw CommandFailure.ours("interrupted");
    }
    if (json) {
      System.out.print(Json.of(tree(report)));
    } else if (explain) {
      explain(report);
    } else {
      report.choice().images().forEach(image -> System.out.println(hex(image)));
    }
    return good(report) ? 0 : 1;
  }

  private static boolean good(Report report) {
    Recognition.Judgement judgement = report.judgement(report.choice());
    return judgement == null
        ? !report.choice().images().isEmpty()
        : judgement == Recognition.Judgement.RIGHT;
  }

  private Report guest(String name)
      throws CommandFailure, ProfileException, InspectException, IOException, InterruptedException {
    KernelProfile kernel = Profiles.load(name);
    VdsoImages.check(kernel);
    VdsoState wanted = state == null ? VdsoState.STAY : stateNamed(state);
    try (Programs programs = Programs.bundled(List.of())) {
      Recognitions.Result found = new Recognitions(programs, !unprivileged).look(kernel, wanted);
      return new Report(
          target + ", its vDSO " + wanted.text(),
          true,
          found.truth(),
          found.probe(),
          found.chosen(),
          found.lines().stream().map(Recognitions.Line::answer).toList(),
          found.edits());
    }
  }

  private static VdsoState stateNamed(String name) throws CommandFailure {
    for (VdsoState known : VdsoState.values()) {
      if (known.id().equals(name)) {
        return known;
      }
    }
    String all =
        Arrays.stream(VdsoState.values()).map(VdsoState::id).collect(Collectors.joining(", "));
    throw CommandFailure.ours("--state " + ElfException.oneLine(name) + ": not one of " + all);
  }

  /** Each strategy with views that have read nothing yet, so that each pays for itself. */
  private Report host(String pid) throws InspectException {
    List<Recognition.Answer> answers = new ArrayList<>();
    boolean framesShown = false;
    for (Strategy strategy : Strategy.values()) {
      try (HostProcess process = new HostProcess(pid);
          HostProcess own = new HostProcess("self")) {
        Recognition.Answer answer = new Recognition(process, own).by(strategy);
        framesShown |= strategy == Strategy.FRAME && answer.able();
        answers.add(answer);
      }
    }
    NameProbe probe = HostNameProbe.ask();
    boolean known = probe == NameProbe.SURVIVES;
    return new Report(
        target,
        known,
        known ? answers.get(Strategy.NAME.ordinal()).first() : null,
        probe,
        Recognition.choose(probe, framesShown),
        answers,
        known ? edits(pid) : List.of());
  }

  /** What of a process's image is not as in one's own, if it is an image of the same build. */
  private static List<EditedVdso.Change> edits(String pid) throws InspectException {
    try (HostProcess process = new HostProcess(pid);
        HostProcess own = new HostProcess("self")) {
      return Recognition.edits(process, own);
    }
  }

  private static String hex(long value) {
    return "0x" + Long.toHexString(value);
  }

  private static String truth(Report report) {
    Long truth = report.truth();
    return !report.truthKnown()
        ? "not known: names do not tell it under this kernel"
        : truth == null ? "there is none" : hex(truth);
  }

  private static void explain(Report report) {
    System.out.println(ElfException.oneLine(report.subject()) + ":");
    System.out.println("truth: " + truth(report));
    System.out.println("probe: " + report.probe().text());
    System.out.println("chosen: " + report.chosen().text());
    report.edits().forEach(edit -> System.out.println("edited: " + edit.text()));
    for (Recognition.Answer answer : report.answers()) {
      Recognition.Judgement judgement = report.judgement(answer);
      String verdict =
          judgement != null ? judgement.text() : answer.able() ? "not known" : "cannot tell";
      String places =
          answer.images().isEmpty()
              ? "-"
              : answer.images().stream().map(FindCommand::hex).collect(Collectors.joining(","));
      System.out.println(
          ElfException.oneLine(
              "%-10s  %-11s %3d calls  %-14s  %s"
                  .formatted(
                      answer.strategy().text(), verdict, answer.calls(), places, answer.remark())));
    }
  }

  private static Map<String, Object> tree(Report report) {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("target", report.subject());
    tree.put("truth", truth(report));
    tree.put("probe", report.probe().text());
    tree.put("chosen", report.chosen().text());
    List<Object> answers = new ArrayList<>();
    for (Recognition.Answer answer : report.answers()) {
      Map<String, Object> each = new LinkedHashMap<>();
      Recognition.Judgement judgement = report.judgement(answer);
      each.put("strategy", answer.strategy().text());
      each.put("able", answer.able());
      if (judgement != null) {
        each.put("verdict", judgement.text());
      }
      each.put("images", answer.images().stream().map(FindCommand::hex).toList());
      each.put("remark", answer.remark());
      each.put("calls", answer.calls());
      answers.add(each);
    }
    tree.put("strategies", answers);
    tree.put("edits", report.edits().stream().map(EditedVdso.Change::text).toList());
    return tree;
  }
}
