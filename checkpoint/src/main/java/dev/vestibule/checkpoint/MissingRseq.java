package dev.vestibule.checkpoint;

import dev.vestibule.profile.Architecture;
import dev.vestibule.profile.KernelProfile;
import dev.vestibule.profile.ProfileException;
import dev.vestibule.profile.Profiles;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of a process that has registered restartable sequences if the kernel it is to go on
 * under has no rseq(2)? What {@code --rseq} says.
 */
public enum MissingRseq {
  /** It is not thawed. */
  REFUSE,
  /** Until it executes another program, the machine does for it what the newest kernel does. */
  EMULATE;

  /** The policy of a name, or null if it is none. */
  public static @Nullable MissingRseq named(String name) {
    return switch (name) {
      case "refuse" -> REFUSE;
      case "emulate" -> EMULATE;
      default -> null;
    };
  }

  /** The newest built-in kernel of an architecture: it takes areas of every size there has been. */
  static KernelProfile newest(Architecture architecture) {
    List<String> names =
        Profiles.names().stream().filter(n -> n.startsWith(architecture.id() + "-")).toList();
    try {
      return Profiles.load(names.getLast());
    } catch (ProfileException e) {
      throw new IllegalStateException(e);
    }
  }
}
