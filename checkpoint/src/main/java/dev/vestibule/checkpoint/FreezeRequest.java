package dev.vestibule.checkpoint;

import dev.vestibule.inspect.EditedVdso;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What is to be frozen where to, and what becomes of the tree?
 *
 * @param directory where the images go; absent or empty
 * @param then what becomes of the tree
 * @param edited what to do where somebody has changed a process's vDSO
 * @param previous images of the same tree, relative to {@code directory}: pages that have not
 *     changed since are left to them; null for none
 * @param track whether pages are tracked from now on, so that these images can be the previous ones
 */
public record FreezeRequest(
    Path directory, Then then, EditedVdso edited, @Nullable Path previous, boolean track) {
  /** What becomes of a frozen tree? */
  public enum Then {
    /** It is killed: it goes on where it is thawed. */
    KILL,
    /** It goes on as if nothing had happened. */
    GO_ON,
    /** It goes on, and only its memory is written: to be the previous images of another freeze. */
    PRE_DUMP
  }

  /** A whole freeze, on its own. */
  public static FreezeRequest of(Path directory, Then then) {
    return new FreezeRequest(directory, then, EditedVdso.REFUSE, null, false);
  }

  /** The same with another policy for edited vDSOs. */
  public FreezeRequest withEdited(EditedVdso policy) {
    return new FreezeRequest(directory, then, policy, previous, track);
  }

  /** The same, pages that have not changed since earlier images left to those. */
  public FreezeRequest withPrevious(@Nullable Path images) {
    return new FreezeRequest(directory, then, edited, images, track);
  }

  /** The same, changes tracked from then on or not; behind a pre-dump they always are. */
  public FreezeRequest withTrack(boolean wanted) {
    return new FreezeRequest(directory, then, edited, previous, wanted);
  }

  /** Whether pages are tracked from then on. */
  boolean tracks() {
    return track || then == Then.PRE_DUMP;
  }
}
