package dev.vestibule.cli;

import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** What does {@code vestibule profiles} take? */
@SuppressWarnings("UnusedVariable") // until the command is built
@Command(name = "profiles", description = "List kernel profiles, or print one in full.")
final class ProfilesCommand implements Callable<Integer> {
  @Parameters(arity = "0..1", paramLabel = "NAME", description = "a profile's name or file")
  private @Nullable String name;

  @Override
  public Integer call() throws CommandFailure {
    throw CommandFailure.ours("profiles: not built yet");
  }
}
