package dev.vestibule.cli;

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

  @Option(names = "--json", paramLabel = "FILE", description = "write the outcomes as JSON")
  private @Nullable Path json;

  /** Exit status 1 means that some program did not end well. */
  @Override
  public Integer call() throws CommandFailure {
    List<KernelProfile> profiles = profiles();
    try (Programs tested = programs == null ? Programs.bundled() : Programs.in(programs)) {
      int atOnce = jobs > 0 ? jobs : Runtime.getRuntime().availableProcessors();
      Lab lab = new Lab(tested, profiles, atOnce);
      boolean terminal = System.console() != null && System.console().isTerminal();
      List<Outcome> outcomes;
      try (ProgressLine progress =
          new ProgressLine(tested.names().size() * profiles.size(), terminal)) {
        outcomes = lab.run(progress);
      }
      System.out.print(new TextReport(profiles, outcomes, terminal).text());
      if (json != null) {
        Files.writeString(json, JsonReport.of(outcomes));
      }
      return outcomes.stream().allMatch(LabCommand::fine) ? 0 : 1;
    } catch (IOException e) {
      throw CommandFailure.ours("lab: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw CommandFailure.ours("lab: interrupted");
    }
  }

  private static boolean fine(Outcome outcome) {
    return outcome.verdict() == Outcome.Verdict.OK || outcome.verdict() == Outcome.Verdict.ABSENT;
  }

  private List<KernelProfile> profiles() throws CommandFailure {
    List<KernelProfile> profiles = new ArrayList<>();
    try {
      for (String name : kernels.isEmpty() ? Profiles.names() : kernels) {
        profiles.add(Profiles.load(name));
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
    private int wrong;

    ProgressLine(int total, boolean shown) {
      this.total = total;
      this.shown = shown;
    }

    @Override
    public synchronized void started(String program, String kernel) {
      if (shown) {
        System.err.printf(
            Locale.ROOT,
            "%s%3d of %d%s  %s on %s",
            ERASE,
            done,
            total,
            wrong > 0 ? ", " + wrong + " not ok" : "",
            program,
            kernel);
        System.err.flush();
      }
    }

    @Override
    public synchronized void finished(Outcome outcome) {
      done++;
      wrong += fine(outcome) ? 0 : 1;
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
