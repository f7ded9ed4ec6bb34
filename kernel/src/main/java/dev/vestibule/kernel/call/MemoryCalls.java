package dev.vestibule.kernel.call;

import static dev.vestibule.kernel.Errno.EACCES;
import static dev.vestibule.kernel.Errno.EBUSY;
import static dev.vestibule.kernel.Errno.EINVAL;
import static dev.vestibule.kernel.Errno.ENODEV;
import static dev.vestibule.kernel.Errno.ENOMEM;
import static dev.vestibule.kernel.Errno.ENOSPC;
import static dev.vestibule.kernel.Errno.EOVERFLOW;
import static dev.vestibule.kernel.Errno.EPERM;

import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.declare.Syscall;
import dev.vestibule.declare.Syscall.Result;
import dev.vestibule.declare.Syscall.Support;
import dev.vestibule.host.HostCalls;
import dev.vestibule.host.Libc;
import dev.vestibule.kernel.Failure;
import dev.vestibule.kernel.Limits;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.file.OpenFile;
import dev.vestibule.kernel.memory.AddressSpace;
import dev.vestibule.kernel.memory.Backing;
import dev.vestibule.kernel.memory.MapFlags;
import dev.vestibule.kernel.memory.Vma;
import dev.vestibule.profile.Version;

/** Memory: mmap(2), brk(2), mprotect(2), madvise(2) and their relatives. */
public final class MemoryCalls {
  private static final int READ_IMPLIES_EXEC = 0x0400000;
  private static final int O_ACCMODE = 3;
  private static final int O_WRONLY = 1;
  private static final int O_RDWR = 2;
  private static final Version DROPPABLE = new Version(6, 11, 0);

  /** Linux 5.7 has MREMAP_DONTUNMAP. */
  private static final Version DONT_UNMAP = new Version(5, 7, 0);

  private MemoryCalls() {}

  @Syscall(args = "ptr", result = Result.HEX)
  public static long brk(Task t, long address) {
    return t.space().brk(address);
  }

  @Syscall(args = "ptr, size, prot, mmap_flags, fd, ulong", result = Result.HEX)
  public static long mmap(
      Task t, long address, long length, int protection, int flags, int fd, long offset) {
    if ((offset & (t.space().layout().pageSize() - 1)) != 0) {
      return -EINVAL;
    }
    return map(t, address, length, protection, flags, fd, offset);
  }

  /** The offset counts units of 4096 bytes. */
  @Syscall(args = "ptr, size, prot, mmap_flags, fd, ulong", result = Result.HEX)
  public static long mmap2(
      Task t, long address, long length, int protection, int flags, int fd, long offset) {
    if ((offset << 12 & (t.space().layout().pageSize() - 1)) != 0) {
      return -EINVAL;
    }
    return map(t, address, length, protection, flags, fd, offset << 12);
  }

  private static long map(
      Task t, long address, long length, int protection, int guestFlags, int fd, long offset) {
    int flags = t.abi().mmapFlags(guestFlags);
    if ((flags & MapFlags.MAP_TYPE) == MapFlags.MAP_DROPPABLE
        && ((flags & MapFlags.MAP_ANONYMOUS) == 0
            || !t.machine().profile().uname().linux().atLeast(DROPPABLE))) {
      return -EINVAL;
    }
    int effective = protection;
    if ((protection & GuestMemory.PROT_READ) != 0
        && (t.process().personality() & READ_IMPLIES_EXEC) != 0) {
      effective |= GuestMemory.PROT_EXEC;
    }
    if ((flags & MapFlags.MAP_ANONYMOUS) != 0) {
      return t.space().map(address, length, effective, flags, null, 0);
    }
    OpenFile file = t.files().get(fd);
    try {
      if (offset < 0 || offset + length < 0) {
        return -EOVERFLOW;
      }
      return mapFile(t.space(), address, length, effective, flags, file, offset);
    } finally {
      file.release();
    }
  }

  private static long mapFile(
      AddressSpace space,
      long address,
      long length,
      int protection,
      int flags,
      OpenFile file,
      long offset) {
    int access = file.flags() & O_ACCMODE;
    int type = flags & MapFlags.MAP_TYPE;
    boolean shared = type == MapFlags.MAP_SHARED || type == MapFlags.MAP_SHARED_VALIDATE;
    if (access == O_WRONLY
        || shared && (protection & GuestMemory.PROT_WRITE) != 0 && access != O_RDWR) {
      return -EACCES;
    }
    Backing backing = file.backing();
    if (backing == null) {
      return -ENODEV;
    }
    return space.map(address, length, protection, flags, backing, offset);
  }

  @Syscall(args = "ptr, size")
  public static long munmap(Task t, long address, long length) {
    t.space().unmap(address, length);
    return 0;
  }

  @Syscall(args = "ptr, size, prot")
  public static long mprotect(Task t, long address, long length, int protection) {
    int saoAndGrows = 0x10 | 0x01000000 | 0x02000000;
    t.space().protect(address, length, protection & ~saoAndGrows);
    return 0;
  }

  @Syscall(
      names = "pkey_mprotect",
      args = "ptr, size, prot, int",
      since = "4.16",
      level = Support.PARTIAL,
      note = "there are no keys to be had, so only key -1 is accepted")
  public static long pkeyMprotect(Task t, long address, long length, int protection, int key) {
    return key == -1 ? mprotect(t, address, length, protection) : -EINVAL;
  }

  @Syscall(
      names = "pkey_alloc",
      args = "ulong, ulong",
      since = "4.16",
      level = Support.REFUSED,
      note = "as on a processor without memory protection keys")
  public static long pkeyAlloc(Task t, long flags, long rights) {
    return flags != 0 ? -EINVAL : -ENOSPC;
  }

  @Syscall(
      names = "pkey_free",
      args = "int",
      since = "4.16",
      level = Support.REFUSED,
      note = "as on a processor without memory protection keys")
  public static long pkeyFree(Task t, int key) {
    return -EINVAL;
  }

  @Syscall(args = "ptr, size, size, mremap_flags, ptr", result = Result.HEX)
  public static long mremap(
      Task t, long address, long oldLength, long newLength, int flags, long target) {
    int dontUnmap = 4;
    if ((flags & dontUnmap) != 0 && !t.machine().profile().uname().linux().atLeast(DONT_UNMAP)) {
      return -EINVAL;
    }
    return t.space().remap(address, oldLength, newLength, flags, target);
  }

  @Syscall(args = "ptr, size, msync_flags")
  public static long msync(Task t, long address, long length, int flags) {
    int async = 1;
    int invalidate = 2;
    int sync = 4;
    if ((flags & ~7) != 0 || (flags & (async | sync)) == (async | sync)) {
      return -EINVAL;
    }
    AddressSpace space = t.space();
    space.advise(
        address,
        length,
        false,
        vma -> {
          if (vma.has(Vma.LOCKED) && (flags & invalidate) != 0) {
            throw new Failure(EBUSY);
          }
          if (vma.shared() && (flags & sync) != 0) {
            long host = space.memory().window() + vma.start();
            Libc.syscall(HostCalls.MSYNC, host, vma.length(), sync);
          }
          return vma.flags();
        });
    return 0;
  }

  @Syscall(
      args = "ptr, size, out",
      level = Support.PARTIAL,
      note = "all mapped pages count as resident")
  public static long mincore(Task t, long address, long length, long vector) {
    int page = t.space().layout().pageSize();
    if ((address & (page - 1)) != 0) {
      return -EINVAL;
    }
    if (length == 0) {
      return 0;
    }
    t.space().advise(address, length, false, Vma::flags);
    long pages = t.space().pageUp(length) / page;
    for (long i = 0; i < pages; i++) {
      t.memory().store8(vector + i, 1);
    }
    return 0;
  }

  private static final int MADV_DONTNEED = 4;
  private static final int MADV_FREE = 8;
  private static final int MADV_REMOVE = 9;
  private static final int MADV_DONTFORK = 10;
  private static final int MADV_DOFORK = 11;
  private static final int MADV_DONTDUMP = 16;
  private static final int MADV_DODUMP = 17;
  private static final int MADV_WIPEONFORK = 18;
  private static final int MADV_KEEPONFORK = 19;
  private static final int MADV_LAST = 25;

  @Syscall(args = "ptr, size, madvice")
  public static long madvise(Task t, long address, long length, int advice) {
    if (advice < 0 || advice > MADV_LAST || advice >= 5 && advice <= 7) {
      return -EINVAL;
    }
    AddressSpace space = t.space();
    space.advise(address, length, true, vma -> advised(space, vma, advice));
    return 0;
  }

  private static int advised(AddressSpace space, Vma vma, int advice) {
    int flags = vma.flags();
    switch (advice) {
      case MADV_DONTNEED -> {
        if (vma.has(Vma.LOCKED) || vma.has(Vma.IO)) {
          throw new Failure(EINVAL);
        }
        space.memory().discard(vma.start(), vma.length());
      }
      case MADV_FREE -> {
        if (vma.backing() != null || vma.has(Vma.LOCKED)) {
          throw new Failure(EINVAL);
        }
        space.memory().discard(vma.start(), vma.length());
      }
      case MADV_REMOVE -> {
        if (!vma.shared() || vma.has(Vma.LOCKED)) {
          throw new Failure(EINVAL);
        }
        if (!vma.has(Vma.MAY_WRITE)) {
          throw new Failure(EACCES);
        }
        long host = space.memory().window() + vma.start();
        Libc.syscall(HostCalls.MADVISE, host, vma.length(), MADV_REMOVE);
      }
      case MADV_DONTFORK -> flags |= Vma.DONT_FORK;
      case MADV_DOFORK -> {
        if (vma.has(Vma.IO)) {
          throw new Failure(EINVAL);
        }
        flags &= ~Vma.DONT_FORK;
      }
      case MADV_DONTDUMP -> flags |= Vma.DONT_DUMP;
      case MADV_DODUMP -> {
        if (vma.has(Vma.DONT_EXPAND) || vma.has(Vma.IO)) {
          throw new Failure(EINVAL);
        }
        flags &= ~Vma.DONT_DUMP;
      }
      case MADV_WIPEONFORK -> {
        if (vma.backing() != null || vma.shared()) {
          throw new Failure(EINVAL);
        }
        flags |= Vma.WIPE_ON_FORK;
      }
      case MADV_KEEPONFORK -> flags &= ~Vma.WIPE_ON_FORK;
      default -> {
        // Hints about performance: nothing a program could see.
      }
    }
    return flags;
  }

  @Syscall(args = "ptr, size")
  public static long mlock(Task t, long address, long length) {
    return lock(t, address, length, true);
  }

  @Syscall(args = "ptr, size, flags", since = "4.4")
  public static long mlock2(Task t, long address, long length, int flags) {
    int onFault = 1;
    return (flags & ~onFault) != 0 ? -EINVAL : lock(t, address, length, true);
  }

  @Syscall(args = "ptr, size")
  public static long munlock(Task t, long address, long length) {
    return lock(t, address, length, false);
  }

  private static long lock(Task t, long address, long length, boolean lock) {
    int page = t.space().layout().pageSize();
    long start = address & -page;
    long bytes = length + (address - start);
    if (lock && !t.credentials().privileged()) {
      long limit = t.process().limits().soft(Limits.RLIMIT_MEMLOCK);
      if (limit == 0) {
        return -EPERM;
      }
      if (limit > 0 && (bytes < 0 || bytes > limit)) {
        return -ENOMEM;
      }
    }
    t.space()
        .advise(
            start,
            bytes,
            true,
            vma ->
                vma.has(Vma.DONT_EXPAND) || vma.has(Vma.IO)
                    ? vma.flags()
                    : lock ? vma.flags() | Vma.LOCKED : vma.flags() & ~Vma.LOCKED);
    return 0;
  }

  @Syscall(
      args = "flags",
      level = Support.PARTIAL,
      note = "accepted; the host may page guest memory out")
  public static long mlockall(Task t, int flags) {
    return flags == 0 || (flags & ~7) != 0 || flags == 4 ? -EINVAL : 0;
  }

  @Syscall
  public static long munlockall(Task t) {
    return 0;
  }
}
