package dev.vestibule.kernel.call;

import static dev.vestibule.kernel.Errno.EFAULT;
import static dev.vestibule.kernel.Errno.EINVAL;
import static dev.vestibule.kernel.Errno.EPERM;
import static dev.vestibule.kernel.Errno.ESRCH;

import dev.vestibule.cpu.GuestMemory;
import dev.vestibule.declare.Syscall;
import dev.vestibule.kernel.Process;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.file.IoVector;
import dev.vestibule.kernel.memory.AddressSpace;
import dev.vestibule.kernel.memory.Vma;

/**
 * Bytes from one process to another: process_vm_readv(2). Protection counts, unlike in ptrace(2).
 */
public final class ProcessVmCalls {
  private static final int IOV_MAX = 1024;
  private static final int PIECE = GuestMemory.PAGE_SIZE;

  private ProcessVmCalls() {}

  @Syscall(names = "process_vm_readv", args = "pid, ptr, ulong, ptr, ulong, ulong", since = "3.2")
  public static long processVmReadv(
      Task t, int pid, long local, long locals, long remote, long remotes, long flags) {
    return transfer(t, pid, local, locals, remote, remotes, flags, false);
  }

  @Syscall(names = "process_vm_writev", args = "pid, ptr, ulong, ptr, ulong, ulong", since = "3.2")
  public static long processVmWritev(
      Task t, int pid, long local, long locals, long remote, long remotes, long flags) {
    return transfer(t, pid, local, locals, remote, remotes, flags, true);
  }

  private static long transfer(
      Task t,
      int pid,
      long local,
      long locals,
      long remote,
      long remotes,
      long flags,
      boolean store) {
    if (flags != 0 || remotes < 0 || remotes > IOV_MAX) {
      return -EINVAL;
    }
    IoVector mine = Calling.gather(t, local, locals, !store);
    Task target = t.machine().task(pid);
    if (target == null) {
      return -ESRCH;
    }
    if (!PtraceCalls.mayTrace(t, target)) {
      return -EPERM;
    }
    Process process = target.process();
    AddressSpace space = process.space();
    if (!space.tryShare()) {
      return -ESRCH;
    }
    try {
      return transfer(t, mine, space, remote, remotes, store);
    } finally {
      space.leave();
    }
  }

  private static long transfer(
      Task t, IoVector mine, AddressSpace space, long remote, long remotes, boolean store) {
    int word = t.abi().wordSize();
    byte[] piece = new byte[PIECE];
    int done = 0;
    for (int i = 0; i < remotes; i++) {
      long at = t.abi().loadWord(t.memory(), remote + 2L * word * i);
      long left = t.abi().loadLong(t.memory(), remote + 2L * word * i + word);
      if (left < 0) {
        return -EINVAL;
      }
      while (left > 0 && done < mine.total()) {
        int room = PIECE - (int) (at & PIECE - 1);
        int length = (int) Math.min(Math.min(left, room), mine.total() - done);
        if (!moved(space, mine, at, done, piece, length, store)) {
          return done == 0 ? -EFAULT : done;
        }
        at += length;
        left -= length;
        done += length;
      }
    }
    return done;
  }

  private static boolean moved(
      AddressSpace space,
      IoVector mine,
      long at,
      int done,
      byte[] piece,
      int length,
      boolean store) {
    try {
      Vma vma = space.find(at & space.memory().addressMask());
      if (vma == null || vma.has(Vma.IO)) {
        return false;
      }
      if (store) {
        mine.get(done, piece, 0, length);
        space.memory().write(at, piece, 0, length);
      } else {
        space.memory().read(at, piece, 0, length);
        mine.put(done, piece, 0, length);
      }
      return true;
    } catch (dev.vestibule.cpu.GuestFault fault) {
      return false;
    }
  }
}
