package dev.vestibule.kernel.call;

import dev.vestibule.declare.Syscall;
import dev.vestibule.kernel.Task;

/** Memory: brk(2), munmap(2), mprotect(2) and their relatives. */
public final class MemoryCalls {
  private MemoryCalls() {}

  @Syscall(args = "ptr", result = Syscall.Result.HEX)
  public static long brk(Task t, long address) {
    return t.space().brk(address);
  }

  @Syscall(args = "ptr, size")
  public static long munmap(Task t, long address, long length) {
    t.space().unmap(address, length);
    return 0;
  }

  @Syscall(args = "ptr, size, prot")
  public static long mprotect(Task t, long address, long length, int protection) {
    t.space().protect(address, length, protection);
    return 0;
  }
}
