package dev.vestibule.cli;

import dev.vestibule.checkpoint.Control;
import dev.vestibule.checkpoint.FreezeRequest;
import dev.vestibule.inspect.EditedVdso;
import dev.vestibule.kernel.freeze.FreezeRefusal;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
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

  @Option(
      names = "--pre-dump",
      description =
          "write memory only and let the guest go on: a later freeze writes what has changed since")
  private boolean preDump;

  @Option(
      names = "--prev-images-dir",
      paramLabel = "DIR",
      description = "leave pages to earlier images that have not changed since; relative to -D")
  private @Nullable Path previous;

  @Option(
      names = "--track-mem",
      description = "track changes from now on, so that these images can be the earlier ones")
  private boolean track;

  @Option(
      names = "--edited-vdso",
      paramLabel = "refuse|keep",
      description = "what to do if somebody has changed a process's vDSO (refuse)")
  private String edited = "refuse";

  @Override
  public Integer call() throws CommandFailure {
    EditedVdso policy = EditedVdso.named(edited);
    if (policy == null) {
      throw CommandFailure.ours("checkpoint: --edited-vdso: neither refuse nor keep: " + edited);
    }
    try {
      FreezeRequest.Then then =
          preDump
              ? FreezeRequest.Then.PRE_DUMP
              : leaveRunning ? FreezeRequest.Then.GO_ON : FreezeRequest.Then.KILL;
      Control.checkpoint(pid, new FreezeRequest(directory, then, policy, previous, track));
      return 0;
    } catch (FreezeRefusal refusal) {
      throw CommandFailure.ours("checkpoint: " + refusal.getMessage());
    }
  }
}
