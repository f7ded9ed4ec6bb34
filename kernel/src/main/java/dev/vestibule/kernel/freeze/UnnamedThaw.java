package dev.vestibule.kernel.freeze;

import dev.vestibule.kernel.Errno;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.GuestText;
import dev.vestibule.kernel.call.FileCalls;
import dev.vestibule.kernel.file.HostFile;
import dev.vestibule.kernel.file.OpenFile;
import org.jspecify.annotations.Nullable;

/**
 * How is a file that no name leads to there again? It is made once, without a name where it was if
 * that can be, else in memory, and opened as often as it was.
 */
public final class UnnamedThaw implements AutoCloseable {
  private static final int O_TMPFILE = 020000000 | 0200000;
  private static final int CREATING = 0100 | 0200 | 01000 | O_TMPFILE;
  private static final int MFD_CLOEXEC = 1;
  private static final int MFD_ALLOW_SEALING = 2;
  private static final int OWN = 0600;

  private final Content content;
  private @Nullable HostFile file;

  /**
   * What there is to know of it.
   *
   * @param name of one in memory as its maker called it, else the path it had
   * @param memory whether it is memfd_create(2)'s
   * @param seals of one in memory
   * @param mode permissions
   */
  public record Content(
      String name, boolean memory, int seals, int mode, int uid, int gid, byte[] bytes) {}

  public UnnamedThaw(Content content) {
    this.content = content;
  }

  /**
   * Opens it; the reference is the caller's.
   *
   * @param flags open(2)'s flags that stay with the file
   */
  public OpenFile open(Task task, int flags, long position) throws FreezeRefusal {
    try {
      HostFile made = made(task);
      String path = content.memory ? made.path() : content.name;
      HostFile opened = made.reopenAs(flags & ~CREATING, path);
      opened.setFlags(flags);
      long at = opened.seek(task, position, 0);
      if (at != position) {
        opened.release();
        throw new FreezeRefusal(shown() + ": has no position " + position);
      }
      return opened;
    } catch (Failure failure) {
      throw new FreezeRefusal(shown() + ": " + Errno.message(failure.errno()));
    }
  }

  private String shown() {
    return GuestText.toHost(content.name);
  }

  private HostFile made(Task task) {
    HostFile known = file;
    if (known != null) {
      return known;
    }
    HostFile fresh = content.memory ? null : beside(task);
    if (fresh == null) {
      int slash = content.name.lastIndexOf('/');
      String name = content.memory ? content.name : content.name.substring(slash + 1);
      fresh = HostFile.inMemory(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    }
    file = fresh;
    fresh.fill(content.bytes);
    fresh.changeMode(OWN); // until it has been opened as often as it was
    return fresh;
  }

  /** A file without a name in the directory of the old one, null if there cannot be one. */
  private @Nullable HostFile beside(Task task) {
    int slash = content.name.lastIndexOf('/');
    String directory = slash <= 0 ? "/" : content.name.substring(0, slash);
    try {
      OpenFile made = FileCalls.open(task, directory, O_TMPFILE | OpenFile.O_RDWR, OWN);
      if (made instanceof HostFile host) {
        return host;
      }
      made.release();
      return null;
    } catch (Failure impossible) {
      return null;
    }
  }

  /** All have it open: it gets its permissions, owner and seals. */
  @Override
  public void close() {
    HostFile made = file;
    if (made == null) {
      return;
    }
    made.changeOwner(content.uid, content.gid); // as far as the thawing user may
    made.changeMode(content.mode & 07777);
    if (content.memory) {
      made.seal(content.seals);
    }
    made.release();
    file = null;
  }
}
