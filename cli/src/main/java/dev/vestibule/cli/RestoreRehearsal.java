package dev.vestibule.cli;

import dev.vestibule.checkpoint.Control;
import dev.vestibule.checkpoint.FreezeRequest;
import dev.vestibule.host.AtExit;
import dev.vestibule.kernel.freeze.FreezeRefusal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.Stream;

/**
 * What does {@code restore} touch, so that an AOT cache of its own can hold it ready? The launcher
 * runs this once after a build, as it does {@link Rehearsal}.
 */
final class RestoreRehearsal {
  private RestoreRehearsal() {}

  /**
   * Freezes a program and lets it go on.
   *
   * @param args directories of programs
   */
  public static void main(String[] args) throws CommandFailure, IOException, FreezeRefusal {
    Objects.requireNonNull(Vestibule.class); // loads it
    Path place = Files.createTempDirectory("vestibule-rehearsal-");
    try {
      for (String directory : args) {
        rehearse(directory, Files.createTempDirectory(place, "guest-"));
      }
    } finally {
      remove(place);
    }
    AtExit.exit(0);
  }

  private static void rehearse(String directory, Path place)
      throws CommandFailure, IOException, FreezeRefusal {
    Path stop = place.resolve("stop");
    Path images = place.resolve("images");
    CompletableFuture<Integer> run =
        CompletableFuture.supplyAsync(() -> run(List.of(directory + "/freeze", stop.toString())));
    int pid = (int) ProcessHandle.current().pid();
    Control.checkpoint(pid, FreezeRequest.of(images, FreezeRequest.Then.GO_ON));
    Files.createFile(stop);
    expectSuccess(run.join());
    expectSuccess(Commands.execute(new String[] {"restore", "-D", images.toString()}));
  }

  private static int run(List<String> words) {
    try {
      return RunCommand.run(words, ProcessBytes.environment());
    } catch (CommandFailure failure) {
      throw new CompletionException(failure);
    }
  }

  private static void expectSuccess(int status) throws CommandFailure {
    if (status != 0) {
      throw CommandFailure.ours("rehearsal: a program ended with status " + status);
    }
  }

  private static void remove(Path place) throws IOException {
    try (Stream<Path> below = Files.walk(place)) {
      for (Path each : below.toList().reversed()) {
        Files.delete(each);
      }
    }
  }
}
