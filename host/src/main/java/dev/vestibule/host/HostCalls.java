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

  private HostCalls() {}

  private static int number(int x86, int generic) {
    return ARM ? generic : x86;
  }
}
