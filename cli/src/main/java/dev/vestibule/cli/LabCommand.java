package dev.vestibule.cli;

import dev.vestibule.handed.VdsoImages;
import dev.vestibule.lab.Breakage;
import dev.vestibule.lab.Breakages;
import dev.vestibule.lab.HistoryReport;
import dev.vestibule.lab.JsonReport;
import dev.vestibule.lab.Lab;
import dev.vestibule.lab.Outcome;
import dev.vestibule.lab.Programs;
import dev.vestibule.lab.TextReport;
import dev.vestibule.profile.KernelProfile;
import dev.vestibule.profile.ProfileException;
import dev.vestibule.profile.Profiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** What does {@code vestibule lab} take? */
@Command(name = "lab", description = "Run programs under kernel profiles and compare.")
final class LabCommand implements Callable<Integer> {
  @Option(names = "--programs", paramLabel = "DIR", description = "guest programs (the bundled)")
  private @Nullable Path programs;

  @Option(names = "--kernels", split = ",", paramLabel = "LIST", description = "profiles (all)")
  private List<String> kernels = List.of();

  @Option(names = "--jobs", paramLabel = "N", description = "runs at once (processors)")
  private int jobs;

  @Option(
      names = "--breakages",
      paramLabel = "FILE",
      description = "known breakages to compare with (the bundled)")
  private @Nullable Path corpus;

  @Option(names = "-L", paramLabel = "DIR", description = "guests' loaders and libraries")
  private @Nullable Path sysroot;

  @Option(names = "--json", paramLabel = "FILE", description = "write the outcomes as JSON")
  private @Nullable Path json;

  /** Exit status 1 means that some program did not end well, or not as history says. */
  @Override
  public Integer call() throws CommandFailure {
    List<KernelProfile> profiles = profiles();
    List<Breakage> breakages = breakages();
    try (Programs tested = programs == null ? Programs.bundled(breakages) : Programs.in(programs)) {
      int workers = jobs > 0 ? jobs : Runtime.getRuntime().availableProcessors();
      Lab lab = new Lab(tested, workers, sysroot);
      List<Lab.Run> runs = Lab.all(alone(tested), profiles);
      List<Lab.Run> history = Lab.history(breakages, profiles);
      boolean terminal = System.console() != null && System.console().isTerminal();
      List<Outcome> outcomes;
      List<Outcome> then;
      try (ProgressLine progress = new ProgressLine(runs.size() + history.size(), terminal)) {
        outcomes = lab.run(runs, progress);
        then = lab.run(history, progress);
      }
      System.out.print(new TextReport(profiles, outcomes, terminal).text());
      HistoryReport report = new HistoryReport(breakages, profiles, then, terminal);
      if (!history.isEmpty()) {
        System.out.print("\n" + report.text());
      }
      if (json != null) {
        Files.writeString(json, JsonReport.of(outcomes, then));
      }
      return outcomes.stream().allMatch(LabCommand::fine) && report.differences() == 0 ? 0 : 1;
    } catch (IOException e) {
      throw CommandFailure.ours("lab: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw CommandFailure.ours("lab: interrupted");
    }
  }

  /** The programs that are run as they are: not those that need what their breakages give them. */
  private List<String> alone(Programs tested) throws CommandFailure {
    List<String> names = new ArrayList<>(tested.names());
    for (Breakage breakage : breakages(corpus)) {
      if (breakage.sysroot()) {
        names.remove(breakage.program());
      }
    }
    return names;
  }

  /** What is known, but for what needs a C library if there is none. */
  private List<Breakage> breakages() throws CommandFailure {
    List<Breakage> all = breakages(corpus);
    List<Breakage> possible =
        all.stream().filter(breakage -> sysroot != null || !breakage.sysroot()).toList();
    if (possible.size() < all.size()) {
      System.err.printf(
          "vestibule: lab: %d of %d breakages need a C library (-L DIR) and are left out%n",
          all.size() - possible.size(), all.size());
    }
    return possible;
  }

  /** A user's programs come with a user's breakages, or with none. */
  private List<Breakage> breakages(@Nullable Path file) throws CommandFailure {
    try {
      if (file != null) {
        return Breakages.of(file);
      }
    } catch (IOException e) {
      throw CommandFailure.ours("lab: " + file + ": cannot be read");
    } catch (ProfileException e) {
      throw CommandFailure.ours(String.valueOf(e.getMessage()));
    }
    return programs == null ? Breakages.bundled() : List.of();
  }

  private static boolean fine(Outcome outcome) {
    return outcome.verdict() == Outcome.Verdict.OK || outcome.verdict() == Outcome.Verdict.ABSENT;
  }

  private List<KernelProfile> profiles() throws CommandFailure {
    List<KernelProfile> profiles = new ArrayList<>();
    try {
      for (String name : kernels.isEmpty() ? Profiles.names() : kernels) {
        KernelProfile profile = Profiles.load(name);
        VdsoImages.check(profile);
        profiles.add(profile);
      }
    } catch (ProfileException e) {
      throw CommandFailure.ours(String.valueOf(e.getMessage()));
    }
    return profiles;
  }

  /** One line on standard error that says how far the lab is; nothing where there is no reader. */
  private static final class ProgressLine implements Lab.Progress, AutoCloseable {
    private static final String ERASE = "\r\u001b[K";
    private final int total;
    private final boolean shown;
    private int done;

    ProgressLine(int total, boolean shown) {
      this.total = total;
      this.shown = shown;
    }

    @Override
    public synchronized void started(String program, String kernel) {
      if (shown) {
        System.err.printf(
            Locale.ROOT, "%s%4d of %d  %s on %s", ERASE, done, total, program, kernel);
        System.err.flush();
      }
    }

    @Override
    public synchronized void finished(Outcome outcome) {
      done++;
    }

    @Override
    public void close() {
      if (shown) {
        System.err.print(ERASE);
        System.err.flush();
      }
    }
  }
}
