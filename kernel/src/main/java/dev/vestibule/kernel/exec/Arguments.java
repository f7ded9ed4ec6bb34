package dev.vestibule.kernel.exec;

import static dev.vestibule.kernel.Errno.E2BIG;

import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.GuestText;
import java.util.ArrayList;
import java.util.List;

/**
 * What does exec pass to a program? Texts with one char per byte.
 *
 * @param argv the arguments
 * @param envp the environment
 */
public record Arguments(List<String> argv, List<String> envp) {
  /** MAX_ARG_STRLEN: the longest single text, its NUL included. */
  private static final int LONGEST = 131072;

  /**
   * Copies both lists out of the guest.
   *
   * @param room bytes all texts and pointers may take
   * @throws Failure E2BIG
   */
  public static Arguments copyIn(Task task, long argv, long envp, long room) {
    Room left = new Room(room);
    List<String> arguments = texts(task, argv, left);
    return new Arguments(arguments, texts(task, envp, left));
  }

  private static final class Room {
    private long bytes;

    Room(long bytes) {
      this.bytes = bytes;
    }

    void take(long count) {
      bytes -= count;
      if (bytes < 0) {
        throw new Failure(E2BIG);
      }
    }
  }

  private static List<String> texts(Task task, long list, Room left) {
    List<String> texts = new ArrayList<>();
    if (list == 0) {
      return texts;
    }
    int word = task.abi().wordSize();
    for (long at = list; ; at += word) {
      long pointer = task.abi().loadWord(task.memory(), at);
      if (pointer == 0) {
        return texts;
      }
      String text = GuestText.argument(task.memory(), pointer, LONGEST);
      left.take(text.length() + 1 + word);
      texts.add(text);
    }
  }

  /** Checks a list that did not come from a guest. */
  public Arguments checked(long room) {
    Room left = new Room(room);
    for (List<String> texts : List.of(argv, envp)) {
      for (String text : texts) {
        if (text.length() >= LONGEST) {
          throw new Failure(E2BIG);
        }
        left.take(text.length() + 1 + 8);
      }
    }
    return this;
  }
}
