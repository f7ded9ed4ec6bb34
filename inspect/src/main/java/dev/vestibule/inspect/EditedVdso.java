package dev.vestibule.inspect;

import dev.vestibule.elf.ElfException;
import dev.vestibule.elf.ElfFile;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What shall a checkpointer do with a process whose vDSO is not as its kernel made it: a debugger's
 * breakpoint left behind, a function hooked? What {@code --edited-vdso} says.
 */
public enum EditedVdso {
  /** Leave the process alone, and say what is edited. */
  REFUSE,
  /** Take the image as it is: the edits are the process's own memory, and stay what they are. */
  KEEP;

  /** Runs that are told apart; what differs beyond these is one more. */
  private static final int MOST_CHANGES = 64;

  /** Equal bytes that do not end a run: an instruction and a word. */
  private static final int GAP = 4;

  /**
   * Bytes that are not as the kernel made them.
   *
   * @param offset of the first, from the image's first byte
   * @param length from the first to the last
   * @param where the function or section they belong to
   */
  public record Change(long offset, int length, String where) {
    /** In words. */
    public String text() {
      return "%s is edited: %d bytes at 0x%x".formatted(where, length, offset);
    }
  }

  /** The policy of a name, or null if it is none. */
  public static @Nullable EditedVdso named(String name) {
    return switch (name) {
      case "refuse" -> REFUSE;
      case "keep" -> KEEP;
      default -> null;
    };
  }

  /**
   * What was edited.
   *
   * @param image as it is in the process, from the header on
   * @param pristine as the kernel made it; what the process has beyond its end is not compared
   * @return empty if nothing was
   */
  public static List<Change> changes(byte[] image, byte[] pristine) {
    List<Change> changes = new ArrayList<>();
    int length = Math.min(image.length, pristine.length);
    for (int at = 0; at < length; at++) {
      if (image[at] == pristine[at]) {
        continue;
      }
      int last = at;
      boolean rest = changes.size() == MOST_CHANGES;
      for (int i = at + 1; i < length && (rest || i - last <= GAP); i++) {
        last = image[i] != pristine[i] ? i : last;
      }
      changes.add(new Change(at, last - at + 1, owner(pristine, at)));
      at = last;
    }
    if (image.length < pristine.length) {
      int missing = pristine.length - image.length;
      changes.add(new Change(image.length, missing, "the end, which is missing,"));
    }
    return List.copyOf(changes);
  }

  private static String owner(byte[] pristine, long offset) {
    try {
      return Code.ownerOf(ElfFile.read(pristine, "vdso"), offset);
    } catch (ElfException e) {
      return "the image";
    }
  }
}
