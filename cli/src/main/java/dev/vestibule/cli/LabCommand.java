package dev.vestibule.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** What does {@code vestibule lab} take? */
@SuppressWarnings("UnusedVariable") // until the command is built
@Command(name = "lab", description = "Run programs under kernel profiles and compare.")
final class LabCommand implements Callable<Integer> {
  @Option(names = "--programs", paramLabel = "DIR", description = "guest programs (the bundled)")
  private @Nullable Path programs;

  @Option(names = "--kernels", split = ",", paramLabel = "LIST", description = "profiles (all)")
  private List<String> kernels = List.of();

  @Option(names = "--jobs", paramLabel = "N", description = "runs at once (processors)")
  private int jobs;

  @Option(names = "--report", paramLabel = "FILE.html", description = "write a report")
  private @Nullable Path report;

  @Option(names = "--json", paramLabel = "FILE", description = "write the outcomes as JSON")
  private @Nullable Path json;

  @Override
  public Integer call() throws CommandFailure {
    throw CommandFailure.ours("lab: not built yet");
  }
}
