package dev.vestibule.host;

/** Which number has a system call on this host's architecture? */
public final class HostCalls {
  private static final boolean ARM = System.getProperty("os.arch").equals("aarch64");

  public static final int MMAP = number(9, 222);
  public static final int MPROTECT = number(10, 226);
  public static final int MUNMAP = number(11, 215);
  public static final int MREMAP = number(25, 216);
  public static final int MSYNC = number(26, 227);
  public static final int MINCORE = number(27, 232);
  public static final int MADVISE = number(28, 233);
  public static final int MEMFD_CREATE = number(319, 279);
  public static final int FTRUNCATE = number(77, 46);
  public static final int CLOSE = number(3, 57);
  public static final int GETUID = number(102, 174);
  public static final int OPENAT = number(257, 56);
  public static final int LSEEK = number(8, 62);
  public static final int READ = number(0, 63);
  public static final int WRITE = number(1, 64);
  public static final int PREAD64 = number(17, 67);
  public static final int PWRITE64 = number(18, 68);

  private HostCalls() {}

  private static int number(int x86, int generic) {
    return ARM ? generic : x86;
  }
}
