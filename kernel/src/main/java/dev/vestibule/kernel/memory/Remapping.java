package dev.vestibule.kernel.memory;

import static dev.vestibule.kernel.Errno.EFAULT;
import static dev.vestibule.kernel.Errno.EINVAL;
import static dev.vestibule.kernel.Errno.ENOMEM;
import static dev.vestibule.kernel.Errno.EPERM;

import dev.vestibule.kernel.Failure;

/** How is a mapping resized and moved? mremap(2), under the lock of its {@link AddressSpace}. */
final class Remapping {
  private final AddressSpace space;
  private final VmaList list;
  private final Placement placement;
  private final HandedPlace handed;

  Remapping(AddressSpace space, VmaList list, Placement placement, HandedPlace handed) {
    this.space = space;
    this.list = list;
    this.placement = placement;
    this.handed = handed;
  }

  /**
   * mremap(2).
   *
   * @param target where to, for MREMAP_FIXED and as a hint for MREMAP_DONTUNMAP
   * @return the address
   */
  long remap(long address, long oldLength, long newLength, int flags, long target) {
    boolean mayMove = (flags & MapFlags.MREMAP_MAYMOVE) != 0;
    boolean fixed = (flags & MapFlags.MREMAP_FIXED) != 0;
    boolean keep = (flags & MapFlags.MREMAP_DONTUNMAP) != 0;
    long oldBytes = space.pageUp(oldLength);
    long newBytes = space.pageUp(newLength);
    if ((flags & ~7) != 0
        || fixed && !mayMove
        || keep && (!mayMove || oldLength != newLength)
        || !space.onPage(address)
        || newBytes <= 0
        || oldBytes < 0) {
      throw new Failure(EINVAL);
    }
    if (fixed) {
      return remapTo(address, oldBytes, newBytes, target, keep);
    }
    if (!keep && oldBytes >= newBytes) {
      if (list.find(address) == null) {
        throw new Failure(EFAULT); // only the first page is looked at
      }
      if (oldBytes > newBytes) {
        space.unmap(address + newBytes, oldBytes - newBytes);
      }
      return address;
    }
    Vma vma = resizable(address, oldBytes, newBytes, keep);
    if (!keep && grownInPlace(vma, address, oldBytes, newBytes)) {
      return address;
    }
    if (!mayMove) {
      throw new Failure(ENOMEM);
    }
    long to = placeMoved(keep ? target : 0, newBytes);
    moveMapping(vma, address, oldBytes, newBytes, to, keep);
    return to;
  }

  /** MREMAP_FIXED: makes room first, as Linux does, even if the rest fails then. */
  private long remapTo(long address, long oldBytes, long newBytes, long target, boolean keep) {
    checkTarget(address, oldBytes, newBytes, target);
    handed.unmapCalled(target, target + newBytes);
    list.checkWhole(target, target + newBytes);
    space.removeRange(target, target + newBytes, true);
    long kept = oldBytes;
    if (oldBytes > newBytes) {
      space.unmap(address + newBytes, oldBytes - newBytes);
      kept = newBytes;
    }
    Vma vma = resizable(address, kept, newBytes, keep);
    moveMapping(vma, address, kept, newBytes, target, keep);
    return target;
  }

  private Vma resizable(long address, long oldBytes, long newBytes, boolean keep) {
    Vma vma = checkRemapRange(address, oldBytes);
    if (oldBytes == 0 && (!vma.shared() || keep)) {
      throw new Failure(EINVAL);
    }
    if (keep && (vma.has(Vma.DONT_EXPAND) || vma.has(Vma.IO))) {
      throw new Failure(EINVAL);
    }
    if (newBytes > oldBytes && (vma.has(Vma.DONT_EXPAND) || vma.has(Vma.IO))) {
      throw new Failure(EFAULT);
    }
    handed.checkMove(vma, address, newBytes);
    return vma;
  }

  private void checkTarget(long address, long oldBytes, long newBytes, long target) {
    if (!space.onPage(target)
        || target < 0
        || target > space.layout().taskSize() - newBytes
        || address + oldBytes > target && target + newBytes > address) {
      throw new Failure(EINVAL);
    }
    if (target < space.layout().minAddress()) {
      throw new Failure(EPERM);
    }
  }

  private Vma checkRemapRange(long address, long bytes) {
    Vma vma = list.find(address);
    if (vma == null || bytes > vma.end() - address) {
      throw new Failure(EFAULT);
    }
    list.checkWhole(address, address + bytes);
    return vma;
  }

  private boolean grownInPlace(Vma vma, long address, long oldBytes, long newBytes) {
    long end = address + oldBytes;
    long newEnd = address + newBytes;
    if (vma.end() != end || newEnd > space.layout().taskSize() || !list.isFree(end, newEnd)) {
      return false;
    }
    space.install(
        new Vma(
            end,
            newEnd,
            vma.protection(),
            vma.flags(),
            vma.backing(),
            vma.offset() + (end - vma.start()),
            vma.name()));
    return true;
  }

  private long placeMoved(long hint, long bytes) {
    if (hint != 0
        && space.onPage(hint)
        && hint <= space.layout().taskSize() - bytes
        && list.isFree(hint, hint + bytes)) {
      return hint;
    }
    return placement.anywhere(bytes, space.layout().pageSize());
  }

  private void moveMapping(Vma vma, long from, long kept, long newBytes, long to, boolean keepOld) {
    Vma moved =
        new Vma(
            to,
            to + newBytes,
            vma.protection(),
            vma.flags(),
            vma.backing(),
            vma.offset() + (from - vma.start()),
            vma.name());
    space.charge(moved, list.count() + 2);
    if (vma.backing() == null && kept > 0) {
      space.memory().move(from, to, kept);
      if (newBytes > kept) {
        space.populate(moved.part(to + kept, moved.end()));
      }
      list.insert(moved);
      if (keepOld) {
        space.populate(vma.part(from, from + kept));
        return;
      }
    } else {
      space.populate(moved);
      if (!vma.shared() && kept > 0) {
        space.memory().copyWithin(from, to, kept);
      }
      list.insert(moved);
      if (keepOld) {
        space.memory().discard(from, kept);
        return;
      }
    }
    if (kept > 0) {
      handed.moved(vma, from, to);
      space.removeRange(from, from + kept, true);
    }
  }
}
