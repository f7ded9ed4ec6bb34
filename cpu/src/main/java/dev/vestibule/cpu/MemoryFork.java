package dev.vestibule.cpu;

import dev.vestibule.host.HostMemory;
import java.util.List;

/**
 * What does a forked child see of its parent's memory? Made by {@link GuestMemory#fork}, used up
 * under the same lock, before the child runs.
 */
public final class MemoryFork {
  private final GuestMemory parent;
  private final List<AnonymousPages.Run> copied;

  MemoryFork(GuestMemory parent, List<AnonymousPages.Run> copied) {
    this.parent = parent;
    this.copied = copied;
  }

  /**
   * Gives the child a range of anonymous private pages at the same addresses.
   *
   * @return 0, or the host's -errno
   */
  public int give(GuestMemory child, long address, long length, int protection) {
    int result = parent.anonymous().giveTo(child.anonymous(), address, length, parent, copied);
    if (result == 0) {
      child.show(address, length, protection);
    }
    return result;
  }

  /**
   * Gives the child what the parent wrote to a private mapping of a file, which the child has
   * mapped already. Pages never written are not copied: the child's mapping shows the same.
   */
  public void copyWritten(GuestMemory child, long address, long length) {
    // Anonymous parts first: behind a file's end the child has nothing that could be written.
    parent
        .anonymous()
        .parts(
            address,
            address + length,
            (from, to) -> give(child, from, to - from, parent.protection(from)));
    PageMap.ofThisProcess()
        .ownRuns(
            parent.window() + address,
            parent.window() + address + length,
            (from, to) -> copy(child, from - parent.window(), to - from));
  }

  private void copy(GuestMemory child, long from, long length) {
    Runnable copy = () -> HostMemory.copy(parent.window() + from, child.window() + from, length);
    parent.open(from, length, () -> child.open(from, length, copy));
  }
}
