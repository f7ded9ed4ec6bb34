package dev.vestibule.checkpoint;

import dev.vestibule.inspect.EditedVdso;
import java.nio.file.Path;

/**
 * What is to be frozen where to, and what becomes of the tree?
 *
 * @param directory where the images go; absent or empty
 * @param then what becomes of the tree
 * @param edited what to do where somebody has changed a process's vDSO
 */
public record FreezeRequest(Path directory, Then then, EditedVdso edited) {
  /** What becomes of a frozen tree? */
  public enum Then {
    /** It is killed: it goes on where it is thawed. */
    KILL,
    /** It goes on as if nothing had happened. */
    GO_ON
  }
}
