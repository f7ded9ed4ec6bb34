package dev.vestibule.host;

/** Which number has a system call on this host's architecture? */
public final class HostCalls {
  private static final boolean ARM = System.getProperty("os.arch").equals("aarch64");

  /** Only on x86-64. */
  public static final int ARCH_PRCTL = 158;

  public static final int MMAP = number(9, 222);
  public static final int MPROTECT = number(10, 226);
  public static final int MUNMAP = number(11, 215);
  public static final int MREMAP = number(25, 216);
  public static final int MSYNC = number(26, 227);
  public static final int MINCORE = number(27, 232);
  public static final int MADVISE = number(28, 233);
  public static final int USERFAULTFD = number(323, 282);
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
  public static final int FSTATFS = number(138, 44);
  public static final int FSYNC = number(74, 82);
  public static final int FDATASYNC = number(75, 83);
  public static final int FALLOCATE = number(285, 47);
  public static final int FADVISE64 = number(221, 223);
  public static final int READAHEAD = number(187, 213);
  public static final int SYNC = number(162, 81);
  public static final int SYNCFS = number(306, 267);
  public static final int SYNC_FILE_RANGE = number(277, 84);
  public static final int COPY_FILE_RANGE = number(326, 285);
  public static final int IOCTL = number(16, 29);
  public static final int DUP = number(32, 23);
  public static final int UMASK = number(95, 166);
  public static final int FCHMOD = number(91, 52);
  public static final int FCHOWN = number(93, 55);
  public static final int SETXATTR = number(188, 5);
  public static final int FSETXATTR = number(190, 7);
  public static final int GETXATTR = number(191, 8);
  public static final int FGETXATTR = number(193, 10);
  public static final int LISTXATTR = number(194, 11);
  public static final int FLISTXATTR = number(196, 13);
  public static final int REMOVEXATTR = number(197, 14);
  public static final int FREMOVEXATTR = number(199, 16);
  public static final int EPOLL_CREATE1 = number(291, 20);
  public static final int EPOLL_CTL = number(233, 21);
  public static final int EPOLL_PWAIT = number(281, 22);
  public static final int PPOLL = number(271, 73);
  public static final int SOCKET = number(41, 198);
  public static final int SOCKETPAIR = number(53, 199);
  public static final int BIND = number(49, 200);
  public static final int LISTEN = number(50, 201);
  public static final int ACCEPT4 = number(288, 242);
  public static final int CONNECT = number(42, 203);
  public static final int GETSOCKNAME = number(51, 204);
  public static final int GETPEERNAME = number(52, 205);
  public static final int SENDTO = number(44, 206);
  public static final int RECVFROM = number(45, 207);
  public static final int SENDMSG = number(46, 211);
  public static final int RECVMSG = number(47, 212);
  public static final int SETSOCKOPT = number(54, 208);
  public static final int GETSOCKOPT = number(55, 209);
  public static final int SHUTDOWN = number(48, 210);
  public static final int PIPE2 = number(293, 59);
  public static final int PREADV2 = number(327, 286);
  public static final int PWRITEV2 = number(328, 287);
  public static final int INOTIFY_INIT1 = number(294, 26);
  public static final int INOTIFY_ADD_WATCH = number(254, 27);
  public static final int INOTIFY_RM_WATCH = number(255, 28);
  public static final int GETRUSAGE = number(98, 165);
  public static final int CHDIR = number(80, 49);
  public static final int GETPGID = number(121, 155);

  public static final int WAIT4 = number(61, 260);
  public static final int EVENTFD2 = number(290, 19);

  private HostCalls() {}

  private static int number(int x86, int generic) {
    return ARM ? generic : x86;
  }
}
