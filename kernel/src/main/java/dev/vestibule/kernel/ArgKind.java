package dev.vestibule.kernel;

/**
 * What is an argument of a system call? Says how a register (or a pair of them) becomes the value,
 * and tells observers what the value means.
 */
public enum ArgKind {
  /** A plain C int. */
  INT(Width.INT),
  /** An unsigned C int. */
  UINT(Width.INT),
  /** Flags shown in hexadecimal. */
  FLAGS(Width.INT),
  /** A signed C long. */
  LONG(Width.SIGNED),
  /** An unsigned C long. */
  ULONG(Width.UNSIGNED),
  /** A size_t. */
  SIZE(Width.UNSIGNED),
  /** A 64-bit value; two registers on a 32-bit guest. */
  LOFF(Width.PAIR),
  /** An address of no particular content. */
  PTR(Width.UNSIGNED),
  /** An address whose content the call fills in. */
  OUT(Width.UNSIGNED),
  /** A file descriptor. */
  FD(Width.INT),
  /** A directory's descriptor, or AT_FDCWD. */
  DIRFD(Width.INT),
  /** A file name ending in NUL. */
  PATH(Width.UNSIGNED),
  /** Another text ending in NUL. */
  STRING(Width.UNSIGNED),
  /** An array of texts ending in a null pointer. */
  STRINGS(Width.UNSIGNED),
  /** Bytes the guest hands over; the next argument is their number. */
  IN_BUFFER(Width.UNSIGNED),
  /** Bytes the call fills in; the next argument is their number, the result how many are valid. */
  OUT_BUFFER(Width.UNSIGNED),
  /** An array of struct iovec; the next argument is their number. */
  IN_IOVEC(Width.UNSIGNED),
  OUT_IOVEC(Width.UNSIGNED),
  OPEN_FLAGS(Width.INT),
  AT_FLAGS(Width.INT),
  MODE(Width.INT),
  ACCESS_MODE(Width.INT),
  DEV(Width.INT),
  WHENCE(Width.INT),
  PROT(Width.INT),
  MMAP_FLAGS(Width.INT),
  MREMAP_FLAGS(Width.INT),
  MSYNC_FLAGS(Width.INT),
  MADVICE(Width.INT),
  SIGNAL(Width.INT),
  SIGHOW(Width.INT),
  /** A signal set in memory, given. */
  SIGSET(Width.UNSIGNED),
  /** A signal set in memory, filled in. */
  OUT_SIGSET(Width.UNSIGNED),
  SIGACTION(Width.UNSIGNED),
  OUT_SIGACTION(Width.UNSIGNED),
  SIGINFO(Width.UNSIGNED),
  OUT_SIGINFO(Width.UNSIGNED),
  STACK(Width.UNSIGNED),
  OUT_STACK(Width.UNSIGNED),
  PID(Width.INT),
  UID(Width.INT),
  GID(Width.INT),
  CLONE_FLAGS(Width.UNSIGNED),
  CLONE_ARGS(Width.UNSIGNED),
  WAIT_OPTIONS(Width.INT),
  OUT_WAIT_STATUS(Width.UNSIGNED),
  ID_TYPE(Width.INT),
  CLOCK(Width.INT),
  /** struct timespec of the guest's own width, given. */
  TIMESPEC(Width.UNSIGNED),
  OUT_TIMESPEC(Width.UNSIGNED),
  /** struct timespec with 64-bit seconds on every guest. */
  TIMESPEC64(Width.UNSIGNED),
  OUT_TIMESPEC64(Width.UNSIGNED),
  TIMEVAL(Width.UNSIGNED),
  OUT_TIMEVAL(Width.UNSIGNED),
  ITIMERSPEC(Width.UNSIGNED),
  OUT_ITIMERSPEC(Width.UNSIGNED),
  ITIMERSPEC64(Width.UNSIGNED),
  OUT_ITIMERSPEC64(Width.UNSIGNED),
  ITIMERVAL(Width.UNSIGNED),
  OUT_ITIMERVAL(Width.UNSIGNED),
  ITIMER(Width.INT),
  TIMER_FLAGS(Width.INT),
  SIGEVENT(Width.UNSIGNED),
  OUT_TIMEZONE(Width.UNSIGNED),
  OUT_TMS(Width.UNSIGNED),
  /** An int, filled in. */
  OUT_INT(Width.UNSIGNED),
  /** A 64-bit number, filled in. */
  OUT_LOFF(Width.UNSIGNED),
  /** The high half of a 64-bit number whose low half is the next argument. */
  HIGH_HALF(Width.INT),
  RUSAGE_WHO(Width.INT),
  PRIORITY_WHICH(Width.INT),
  SIGNALFD_FLAGS(Width.INT),
  /** A set of processors; the argument before it is its size. */
  CPU_SET(Width.UNSIGNED),
  OUT_CPU_SET(Width.UNSIGNED),
  FUTEX(Width.UNSIGNED),
  FUTEX_OP(Width.INT),
  RESOURCE(Width.INT),
  RLIMIT(Width.UNSIGNED),
  OUT_RLIMIT(Width.UNSIGNED),
  RLIMIT64(Width.UNSIGNED),
  OUT_RLIMIT64(Width.UNSIGNED),
  OUT_RUSAGE(Width.UNSIGNED),
  OUT_STAT(Width.UNSIGNED),
  OUT_STAT64(Width.UNSIGNED),
  OUT_STATX(Width.UNSIGNED),
  STATX_MASK(Width.INT),
  OUT_STATFS(Width.UNSIGNED),
  OUT_STATFS64(Width.UNSIGNED),
  OUT_UTSNAME(Width.UNSIGNED),
  OUT_SYSINFO(Width.UNSIGNED),
  /** The command of fcntl(2); the next argument belongs to it. */
  FCNTL(Width.INT),
  /** The request of ioctl(2); the next argument belongs to it. */
  IOCTL(Width.INT),
  PRCTL(Width.INT),
  /** Two descriptors, filled in. */
  OUT_FD_PAIR(Width.UNSIGNED),
  PIPE_FLAGS(Width.INT),
  POLLFDS(Width.UNSIGNED),
  FD_SET(Width.UNSIGNED),
  EPOLL_OP(Width.INT),
  EPOLL_EVENT(Width.UNSIGNED),
  OUT_EPOLL_EVENTS(Width.UNSIGNED),
  EPOLL_FLAGS(Width.INT),
  EVENTFD_FLAGS(Width.INT),
  TIMERFD_FLAGS(Width.INT),
  SOCKET_DOMAIN(Width.INT),
  SOCKET_TYPE(Width.INT),
  SOCKET_PROTOCOL(Width.INT),
  SOCKET_LEVEL(Width.INT),
  SOCKET_OPTION(Width.INT),
  /** struct sockaddr, given; the next argument is its length. */
  SOCKADDR(Width.UNSIGNED),
  /** struct sockaddr, filled in; the next argument points to its length. */
  OUT_SOCKADDR(Width.UNSIGNED),
  MSGHDR(Width.UNSIGNED),
  OUT_MSGHDR(Width.UNSIGNED),
  MSG_FLAGS(Width.INT),
  SHUTDOWN_HOW(Width.INT),
  SCHED_POLICY(Width.INT),
  RANDOM_FLAGS(Width.INT),
  DIRENTS(Width.UNSIGNED),
  MEMBARRIER(Width.INT),
  MEMBARRIER_FLAGS(Width.INT),
  RSEQ_FLAGS(Width.INT),
  /** The request of ptrace(2). */
  PTRACE(Width.INT);

  /** How registers become the value. */
  public enum Width {
    /** The register's low 32 bits, sign-extended. */
    INT,
    /** A word, sign-extended on a 32-bit guest. */
    SIGNED,
    /** A word, zero-extended on a 32-bit guest. */
    UNSIGNED,
    /** 64 bits: one register, or two on a 32-bit guest. */
    PAIR
  }

  private final Width width;

  ArgKind(Width width) {
    this.width = width;
  }

  public Width width() {
    return width;
  }
}
