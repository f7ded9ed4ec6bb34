package dev.vestibule.inspect;

import dev.vestibule.host.HostCalls;
import dev.vestibule.host.HostMemory;
import dev.vestibule.host.Libc;
import java.util.HexFormat;

/**
 * Does this host's kernel leave a moved vDSO its name? A child made for the purpose moves its own
 * vDSO, which no thread of a JVM could do to itself: every clock of it would fail meanwhile. The
 * child executes nothing but a few instructions of ours, and stops; its maps are read from here.
 */
public final class HostNameProbe {
  /**
   * For x86-64. Takes the address of three words: the vDSO's address, its length, and where to.
   * clone(2) without a signal at the child's end; in the child prctl(PR_SET_PDEATHSIG, SIGKILL),
   * mremap(2), and kill(2) with SIGSTOP of itself, or exit_group(2) if the move fails. Returns the
   * child's pid.
   */
  private static final byte[] CODE =
      HexFormat.of()
          .parseHex(
              "534889fb" // push rbx; mov rbx, rdi
                  + "b83800000031ff31f631d24531d24531c00f05" // clone(0, 0, 0, 0, 0)
                  + "85c07555" // in the parent: to the end
                  + "b89d000000bf01000000be090000000f05" // prctl(PR_SET_PDEATHSIG, SIGKILL)
                  + "488b3b488b73084889f241ba030000004c8b4310" // from, length, length, flags, to
                  + "b8190000000f05483b43107515" // mremap; not there: to the exit
                  + "b8270000000f0589c7be13000000b83e0000000f05" // kill(getpid(), SIGSTOP)
                  + "bf02000000b8e70000000f05ebf2" // exit_group(2), for ever
                  + "5bc3"); // pop rbx; ret

  private static final int PROT_ALL = 7;
  private static final int PRIVATE_ANONYMOUS = 0x22;
  private static final int PAGE = 4096;
  private static final int WORDS_AT = 1024;
  private static final int STATUS_AT = 2048;
  private static final int SIGKILL = 9;
  private static final int WUNTRACED = 2;
  private static final int WALL = 0x40000000;
  private static final int STOPPED = 0x7f;

  private HostNameProbe() {}

  /** Tries it. */
  public static NameProbe ask() {
    if (!System.getProperty("os.arch").equals("amd64")) {
      return NameProbe.UNKNOWN;
    }
    try (HostProcess self = new HostProcess("self")) {
      for (ProcessView.Mapping mapping : self.mappings()) {
        if (mapping.name().equals("[vdso]")) {
          return moved(mapping);
        }
      }
    } catch (InspectException e) {
      return NameProbe.UNKNOWN;
    }
    return NameProbe.UNKNOWN;
  }

  private static NameProbe moved(ProcessView.Mapping vdso) throws InspectException {
    long length = vdso.end() - vdso.start();
    long code = map(PAGE, PROT_ALL);
    long target = map(length, 0);
    try {
      return code < 0 || target < 0 ? NameProbe.UNKNOWN : moved(vdso.start(), length, target, code);
    } finally {
      unmap(code, PAGE);
      unmap(target, length);
    }
  }

  private static NameProbe moved(long from, long length, long to, long code)
      throws InspectException {
    HostMemory.copyIn(CODE, 0, code, CODE.length);
    HostMemory.putSlot(code + WORDS_AT, from);
    HostMemory.putSlot(code + WORDS_AT + 8, length);
    HostMemory.putSlot(code + WORDS_AT + 16, to);
    long pid = Libc.call(code, code + WORDS_AT, 0);
    if (pid <= 0) {
      return NameProbe.UNKNOWN;
    }
    boolean stopped = false;
    try (HostProcess child = new HostProcess(Long.toString(pid))) {
      stopped = awaitStop(pid, code + STATUS_AT);
      if (!stopped) {
        return NameProbe.UNKNOWN;
      }
      boolean named = child.mappings().stream().anyMatch(m -> m.name().equals("[vdso]"));
      return named ? NameProbe.SURVIVES : NameProbe.LOST;
    } finally {
      if (stopped) {
        Libc.syscall(HostCalls.KILL, pid, SIGKILL);
        Libc.syscall(HostCalls.WAIT4, pid, code + STATUS_AT, WALL, 0);
      }
    }
  }

  /** Whether the child stopped, and did not end. */
  private static boolean awaitStop(long pid, long status) {
    int interrupted = -4;
    long result;
    do {
      result = Libc.syscall(HostCalls.WAIT4, pid, status, WUNTRACED | WALL, 0);
    } while (result == interrupted);
    return result == pid && (HostMemory.i32le(status) & 0xff) == STOPPED;
  }

  private static long map(long length, int protection) {
    return Libc.syscall(HostCalls.MMAP, 0, length, protection, PRIVATE_ANONYMOUS, -1, 0);
  }

  private static void unmap(long address, long length) {
    if (address > 0) {
      Libc.syscall(HostCalls.MUNMAP, address, length);
    }
  }
}
