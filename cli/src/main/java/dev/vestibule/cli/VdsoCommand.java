package dev.vestibule.cli;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** What does {@code vestibule vdso} take? */
@SuppressWarnings("UnusedVariable") // until the command is built
@Command(
    name = "vdso",
    description = "Show, check, extract or compare vDSO images.",
    footer = {"", "TARGET is a file, profile:NAME or pid:N."},
    subcommandsRepeatable = false)
final class VdsoCommand implements Callable<Integer> {
  @Spec private @Nullable CommandSpec spec;

  @Command(name = "show", description = "Print headers, symbols, notes and unwind data.")
  int show(@Parameters(paramLabel = "TARGET") String target) throws CommandFailure {
    throw CommandFailure.ours("vdso show: not built yet");
  }

  @Command(name = "check", description = "Say what in an image no kernel would hand out.")
  int check(@Parameters(paramLabel = "TARGET") String target) throws CommandFailure {
    throw CommandFailure.ours("vdso check: not built yet");
  }

  @Command(name = "extract", description = "Write an image to a file.")
  int extract(
      @Parameters(paramLabel = "TARGET") String target, @Parameters(paramLabel = "FILE") Path file)
      throws CommandFailure {
    throw CommandFailure.ours("vdso extract: not built yet");
  }

  @Command(name = "diff", description = "Compare two images by what a program sees of them.")
  int diff(
      @Parameters(paramLabel = "TARGET") String one, @Parameters(paramLabel = "TARGET") String two)
      throws CommandFailure {
    throw CommandFailure.ours("vdso diff: not built yet");
  }

  @Override
  public Integer call() {
    if (spec != null) {
      spec.commandLine().usage(System.err);
    }
    return CommandFailure.OURS;
  }
}
