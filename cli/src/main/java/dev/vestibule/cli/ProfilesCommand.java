package dev.vestibule.cli;

import dev.vestibule.profile.ProfileException;
import dev.vestibule.profile.Profiles;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What does {@code vestibule profiles} take? */
@Command(name = "profiles", description = "List kernel profiles, or print one in full.")
final class ProfilesCommand implements Callable<Integer> {
  @Parameters(arity = "0..1", paramLabel = "NAME", description = "a profile's name or file")
  private @Nullable String name;

  @Option(names = "--markdown", description = "print the page docs/profiles.md")
  private boolean markdown;

  @Override
  public Integer call() throws CommandFailure {
    String wanted = name;
    try {
      if (markdown) {
        System.out.print(ProfilesPage.page());
        return 0;
      }
      if (wanted != null) {
        System.out.print(Profiles.effective(wanted));
        return 0;
      }
      int width = Profiles.names().stream().mapToInt(String::length).max().orElse(0);
      for (String known : Profiles.names()) {
        String description = Profiles.load(known).description();
        System.out.println(known + " ".repeat(width + 2 - known.length()) + description);
      }
      return 0;
    } catch (ProfileException e) {
      throw CommandFailure.ours(String.valueOf(e.getMessage()));
    }
  }
}
