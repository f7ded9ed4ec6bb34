package dev.vestibule.kernel;

import dev.vestibule.cpu.Cpu;
import dev.vestibule.kernel.abi.GuestAbi;

/**
 * What does a function of a kept vDSO do that the running kernel's has not? The machine answers for
 * it: by the system call that does the same, or by ENOSYS, as a vDSO that falls back would.
 */
final class HandedTraps {
  private HandedTraps() {}

  /** Answers for the function that a task has called; false if it trapped elsewhere. */
  static boolean answer(Task task) {
    Cpu cpu = task.cpu();
    String function = task.space().handedTrap(cpu.pc());
    if (function == null) {
      return false;
    }
    GuestAbi abi = task.abi();
    String call =
        switch (function) {
          case "__kernel_clock_gettime" -> "clock_gettime";
          case "__kernel_clock_gettime64" -> "clock_gettime64";
          case "__kernel_clock_getres" -> "clock_getres";
          case "__kernel_gettimeofday" -> "gettimeofday";
          case "__kernel_time" -> "time";
          case "__kernel_getcpu" -> "getcpu";
          case "__kernel_getrandom" -> "getrandom";
          default -> "";
        };
    boolean query = call.equals("getrandom") && abi.syscallArgument(cpu, 4) != 0;
    boolean harmless = function.startsWith("__kernel_sync_dicache"); // stores are noticed anyway
    int number = query ? -1 : task.process().syscalls().number(call);
    cpu.setPc(abi.returnAddress(cpu) & -4L);
    if (number >= 0) {
      abi.setSyscallNumber(cpu, number);
      task.calls().entered(dev.vestibule.cpu.Stop.SYSCALL);
      task.calls().carryOut();
    } else {
      abi.setResult(cpu, harmless ? 0 : -Errno.ENOSYS);
    }
    return true;
  }
}
