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
  public static final int OPENAT = number(257, 56);
  public static final int OPENAT2 = number(437, 437);
  public static final int STATX = number(332, 291);
  public static final int READLINKAT = number(267, 78);
  public static final int MKDIRAT = number(258, 34);
  public static final int MKNODAT = number(259, 33);
  public static final int SYMLINKAT = number(266, 36);
  public static final int UNLINKAT = number(263, 35);
  public static final int RENAMEAT2 = number(316, 276);
  public static final int LINKAT = number(265, 37);
  public static final int FCHMODAT = number(268, 53);
  public static final int FCHOWNAT = number(260, 54);
  public static final int UTIMENSAT = number(280, 88);
  public static final int FACCESSAT2 = number(439, 439);
  public static final int CLOSE = number(3, 57);
  public static final int GETRANDOM = number(318, 278);
  public static final int GETTID = number(186, 178);
  public static final int CLOCK_GETTIME = number(228, 113);
  public static final int GETUID = number(102, 174);
  public static final int FCNTL = number(72, 25);
  public static final int GETDENTS64 = number(217, 61);
  public static final int MEMBARRIER = number(324, 283);
  public static final int KILL = number(62, 129);
  public static final int RT_SIGACTION = number(13, 134);
  public static final int PRLIMIT64 = number(302, 261);
  public static final int GETGID = number(104, 176);
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
