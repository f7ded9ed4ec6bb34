package dev.vestibule.kernel.memory;

import static dev.vestibule.kernel.Errno.EEXIST;
import static dev.vestibule.kernel.Errno.EINVAL;
import static dev.vestibule.kernel.Errno.ENOMEM;
import static dev.vestibule.kernel.Errno.EPERM;

import dev.vestibule.kernel.Failure;

/** Where does a new mapping go? Under the lock of its {@link AddressSpace}. */
final class Placement {
  private final Layout layout;
  private final VmaList list;

  Placement(Layout layout, VmaList list) {
    this.layout = layout;
    this.list = list;
  }

  /**
   * Exactly there.
   *
   * @param replaces whether something may be mapped there already
   * @throws Failure EINVAL, ENOMEM, EPERM or EEXIST
   */
  long fixed(long address, long bytes, boolean replaces) {
    if ((address & (layout.pageSize() - 1)) != 0) {
      throw new Failure(EINVAL);
    }
    if (address < 0 || address > layout.taskSize() - bytes) {
      throw new Failure(ENOMEM);
    }
    if (address < layout.minAddress()) {
      throw new Failure(EPERM);
    }
    if (!replaces && !list.isFree(address, address + bytes)) {
      throw new Failure(EEXIST);
    }
    return address;
  }

  /**
   * At an address, or elsewhere if that is taken.
   *
   * @param hint 0 for any address
   * @throws Failure ENOMEM
   */
  long near(long hint, long bytes) {
    if (hint != 0) {
      long page = layout.pageSize();
      long wanted = Math.max(hint + page - 1 & -page, layout.minAddress());
      if (wanted > 0
          && wanted <= layout.taskSize() - bytes
          && list.isFree(wanted, wanted + bytes)) {
        return wanted;
      }
    }
    return anywhere(bytes, layout.pageSize());
  }

  /**
   * Where a search of this kernel finds room first.
   *
   * @throws Failure ENOMEM
   */
  long anywhere(long bytes, long alignment) {
    long found = layout.topDown() ? list.searchDown(bytes, alignment) : -1;
    if (found < 0) {
      found = list.searchUp(bytes, alignment);
    }
    if (found < 0) {
      throw new Failure(ENOMEM);
    }
    return found;
  }
}
