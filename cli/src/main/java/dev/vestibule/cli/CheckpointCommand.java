package dev.vestibule.cli;

import dev.vestibule.checkpoint.Control;
import dev.vestibule.kernel.freeze.FreezeRefusal;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** How is a running guest frozen from outside? */
@Command(
    name = "checkpoint",
    description = "Freeze a running guest and its descendants into a directory.")
final class CheckpointCommand implements Callable<Integer> {
  @Option(
      names = {"--pid", "-t", "--tree"},
      required = true,
      paramLabel = "GUEST",
      description = "the guest's process id, as it knows itself")
  private int pid;

  @Option(
      names = {"-D", "--images-dir"},
      required = true,
      paramLabel = "DIR",
      description = "where the images go; absent or empty")
  private Path directory = Path.of("");

  @Option(
      names = {"-R", "--leave-running"},
      description = "let the guest go on afterwards, instead of killing it")
  private boolean leaveRunning;

  @Override
  public Integer call() throws CommandFailure {
    try {
      Control.checkpoint(pid, directory, leaveRunning);
      return 0;
    } catch (FreezeRefusal refusal) {
      throw CommandFailure.ours("checkpoint: " + refusal.getMessage());
    }
  }
}
