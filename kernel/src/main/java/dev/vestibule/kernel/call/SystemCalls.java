package dev.vestibule.kernel.call;

import static dev.vestibule.kernel.Errno.EFAULT;
import static dev.vestibule.kernel.Errno.EINVAL;
import static dev.vestibule.kernel.Errno.EPERM;

import dev.vestibule.declare.Syscall;
import dev.vestibule.declare.Syscall.Support;
import dev.vestibule.kernel.Task;
import dev.vestibule.kernel.abi.GuestText;
import dev.vestibule.kernel.abi.Struct;
import dev.vestibule.kernel.file.IoVector;
import dev.vestibule.profile.KernelProfile;

/** What the system as a whole says: uname(2), sysinfo(2), getrandom(2). */
public final class SystemCalls {
  private static final int FIELD = 65;
  private static final int PER_MASK = 0xff;
  private static final int PER_LINUX32 = 8;
  private static final int UNAME26 = 0x0020000;

  private SystemCalls() {}

  /** The names are the profile's, the node's the machine's. */
  @Syscall(
      names = {"uname", "newuname"},
      args = "out_utsname")
  public static long uname(Task t, long buffer) {
    KernelProfile.Uname names = t.machine().profile().uname();
    int personality = t.process().personality();
    String machine = names.machine();
    if ((personality & PER_MASK) == PER_LINUX32 && machine.startsWith("ppc64")) {
      machine = machine.equals("ppc64le") ? "ppcle" : "ppc";
    }
    String release = names.release();
    if ((personality & UNAME26) != 0) {
      release = "2.6." + (40 + names.linux().minor());
    }
    byte[] bytes = new byte[6 * FIELD];
    put(bytes, 0, names.sysname());
    put(bytes, 1, t.machine().settings().nodeName());
    put(bytes, 2, release);
    put(bytes, 3, names.version());
    put(bytes, 4, machine);
    put(bytes, 5, "(none)");
    t.memory().write(buffer, bytes, 0, bytes.length);
    return 0;
  }

  private static void put(byte[] bytes, int field, String text) {
    byte[] content = text.getBytes(GuestText.BYTES);
    System.arraycopy(content, 0, bytes, field * FIELD, Math.min(content.length, FIELD - 1));
  }

  @Syscall(args = "string, int", level = Support.REFUSED, note = "EPERM")
  public static long sethostname(Task t, long name, int length) {
    return -EPERM;
  }

  @Syscall(args = "string, int", level = Support.REFUSED, note = "EPERM")
  public static long setdomainname(Task t, long name, int length) {
    return -EPERM;
  }

  @Syscall(args = "out_sysinfo", level = Support.PARTIAL, note = "no load averages, no swap")
  public static long sysinfo(Task t, long buffer) {
    int word = t.abi().wordSize();
    int size = word == 8 ? 112 : 64;
    long unit = word == 8 ? 1 : 4096;
    Struct s = t.abi().struct(size);
    s.putWord(0, t.machine().time().monotonic() / 1_000_000_000);
    s.putWord(4 * word, t.machine().memorySize() / unit);
    s.putWord(5 * word, t.machine().memorySize() / 2 / unit);
    s.put16(10 * word, t.machine().taskCount());
    int behind = word == 8 ? 88 : 44;
    s.put32(behind + 2 * word, (int) unit);
    s.store(t.memory(), buffer);
    return 0;
  }

  @Syscall(args = "out_buffer, size, random_flags", since = "3.17")
  public static long getrandom(Task t, long buffer, long size, int flags) {
    int nonblockRandomInsecure = 7;
    if ((flags & ~nonblockRandomInsecure) != 0 || (flags & 6) == 6) {
      return -EINVAL;
    }
    if (size == 0) {
      return 0;
    }
    IoVector to = IoVector.writable(t.memory(), buffer, size);
    byte[] piece = new byte[Math.min(to.total(), 4096)];
    int done = 0;
    while (done < to.total()) {
      t.machine().randomBytes(piece);
      done += to.put(done, piece, 0, Math.min(piece.length, to.total() - done));
    }
    return done == 0 ? -EFAULT : done;
  }
}
