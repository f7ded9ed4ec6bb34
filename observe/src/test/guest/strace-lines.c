/* Makes system calls of every kind whose strace lines are the same on every architecture; between
 * two marks, so that start-up does not matter. Prints nothing: its oracle is strace itself. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile int one = 1, two = 2;

static void handler(int number, siginfo_t *info, void *context) {
  (void)number, (void)info, (void)context;
}

static void files(void) {
  int f = openat(AT_FDCWD, "lines\n\"\\x", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
  char b[100];
  struct iovec out[2] = {{"abc", 3}, {"de\0\00177\377", 7}}, in[2] = {{b, 3}, {b + 10, 50}};
  write(f, "hello\n\t\0\1\0019\377world123456789012345678901234567890", 40);
  pread64(f, b, 100, 2);
  pread64(f, b, 100, 0x1000);
  writev(f, out, 2);
  close(f);
  f = openat(AT_FDCWD, "lines\n\"\\x", O_RDONLY);
  read(f, b, 5);
  readv(f, in, 2);
  fcntl(f, F_GETFD);
  fcntl(f, F_SETFD, FD_CLOEXEC);
  fcntl(f, F_GETFD);
  fcntl(f, F_DUPFD_CLOEXEC, 50);
  dup3(f, 20, O_CLOEXEC);
  faccessat(AT_FDCWD, "nothing", R_OK, 0);
  unlinkat(AT_FDCWD, "lines\n\"\\x", 0);
  mkdirat(AT_FDCWD, "d", 0700);
  unlinkat(AT_FDCWD, "d", AT_REMOVEDIR);
  symlinkat("x", AT_FDCWD, "l");
  readlinkat(AT_FDCWD, "l", b, sizeof b);
  unlinkat(AT_FDCWD, "l", 0);
  umask(027);
  fchmodat(AT_FDCWD, "nothing", 0600, 0);
  fchownat(AT_FDCWD, "nothing", 1, -1, AT_SYMLINK_NOFOLLOW);
  close(f);
  close(999);
  read(999, b, 1);
}

static void signals(void) {
  struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_RESTART};
  sigset_t set;
  siginfo_t info;
  union sigval value = {.sival_int = 0};
  struct timespec nothing = {0, 0};
  sigemptyset(&action.sa_mask);
  sigaction(SIGUSR2, &action, NULL);
  sigfillset(&set);
  sigdelset(&set, SIGCHLD);
  sigprocmask(SIG_SETMASK, &set, NULL);
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigaddset(&set, SIGRTMIN + 3);
  sigprocmask(SIG_SETMASK, &set, &set);
  kill(getpid(), SIGUSR2);
  syscall(SYS_tgkill, getpid(), getpid(), SIGUSR2);
  sigqueue(getpid(), SIGUSR2, value);
  kill(getpid(), SIGUSR1);
  sigpending(&set);
  sigtimedwait(&set, &info, &nothing);
  sigtimedwait(&set, &info, &nothing);
  int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  close(fd);
  sigemptyset(&set);
  sigprocmask(SIG_SETMASK, &set, NULL);
  kill(getpid(), 0);
  kill(1 << 30, SIGTERM);
}

static void events(void) {
  int p[2], n;
  char b[10];
  struct epoll_event event = {.events = EPOLLIN | EPOLLET};
  struct itimerspec setting = {{0, 0}, {0, 0}}, old;
  struct itimerval interval = {{0, 0}, {0, 0}};
  pipe2(p, O_NONBLOCK | O_CLOEXEC);
  read(p[0], b, 10);
  struct pollfd fds[2] = {{p[0], POLLIN, 0}, {p[1], POLLOUT, 0}};
  poll(fds, 1, 0);
  poll(fds, 2, -1);
  int e = epoll_create1(EPOLL_CLOEXEC);
  epoll_ctl(e, EPOLL_CTL_ADD, p[0], &event);
  epoll_ctl(e, EPOLL_CTL_ADD, p[0], &event);
  syscall(SYS_epoll_wait, e, &event, 1, 0);
  write(p[1], "x", 1);
  syscall(SYS_epoll_wait, e, &event, 1, -1);
  n = eventfd(3, EFD_NONBLOCK | EFD_SEMAPHORE);
  int t = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  syscall(SYS_timerfd_settime, t, TFD_TIMER_ABSTIME, &setting, &old);
  syscall(SYS_timerfd_settime, n, 0, &setting, NULL);
  setitimer(ITIMER_PROF, &interval, &interval);
  getitimer(ITIMER_REAL, &interval);
  alarm(0);
  timerfd_create(77, 0);
  close(e), close(n), close(t), close(p[0]), close(p[1]);
}

static void times(void) {
  struct timespec t = {0, 1000}, bad = {0, 1000000000};
  int word = 0;
  syscall(SYS_nanosleep, &t, NULL);
  syscall(SYS_nanosleep, &bad, NULL);
  syscall(SYS_clock_nanosleep, CLOCK_REALTIME, TIMER_ABSTIME, &t, NULL);
  syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &bad, NULL);
  syscall(SYS_clock_getres, CLOCK_MONOTONIC_RAW, NULL);
  syscall(SYS_clock_getres, 99, NULL);
  syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 1, NULL);
  syscall(SYS_futex, &word, FUTEX_WAIT, 0, &t);
  syscall(SYS_futex, &word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0, &t, NULL, -1);
  syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1);
}

static void sockets(void) {
  struct sockaddr_un local = {AF_UNIX, "s"};
  struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(80)};
  char b[10];
  int pair[2], f = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  unlink(local.sun_path);
  connect(f, (void *)&local, sizeof local);
  close(f);
  f = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, IPPROTO_UDP);
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  connect(f, (void *)&name, sizeof name);
  close(f);
  socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair);
  struct iovec out = {"abc", 3}, in = {b, 10};
  struct msghdr message = {.msg_iov = &out, .msg_iovlen = 1};
  sendmsg(pair[0], &message, MSG_NOSIGNAL);
  message.msg_iov = &in;
  recvmsg(pair[1], &message, MSG_DONTWAIT);
  recvmsg(pair[1], &message, MSG_DONTWAIT);
  close(pair[0]), close(pair[1]);
}

static void processes(void) {
  int status;
  struct rlimit limit = {64 << 20, RLIM_INFINITY};
  siginfo_t info;
  char name[16];
  syscall(SYS_prlimit64, 0, RLIMIT_STACK, NULL, &limit);
  prctl(PR_SET_NAME, "lines");
  prctl(PR_GET_NAME, name);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  prctl(PR_SET_PDEATHSIG, 0);
  prctl(PR_GET_DUMPABLE);
  getpriority(PRIO_PROCESS, 0);
  syscall(SYS_getrusage, RUSAGE_SELF, NULL);
  sched_getscheduler(0);
  sched_yield();
  syscall(SYS_membarrier, 128, 1, 7);
  syscall(SYS_membarrier, 16, 0, 7);
  syscall(SYS_membarrier, 1 << 13, 2, 7);
  waitpid(-1, &status, WNOHANG | WUNTRACED);
  void *page = mmap((void *)0x30000000, 0x10000, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  mprotect(page, 0x10000, PROT_NONE);
  madvise(page, 0x10000, MADV_DONTNEED);
  msync(page, 0x10000, MS_ASYNC);
  munmap(page, 0x10000);
  /* Whether SIGCHLD or the parent's next call comes first is nobody's business here. */
  sigset_t ended;
  sigemptyset(&ended);
  sigaddset(&ended, SIGCHLD);
  sigprocmask(SIG_BLOCK, &ended, NULL);
  for (int i = 0; i < 2; i++) {
    pid_t child = fork();
    if (child == 0) {
      signal(SIGPIPE, SIG_DFL);
      i == 0 ? _exit(7) : kill(getpid(), SIGPIPE);
    }
    waitid(P_PID, child, &info, WEXITED | WNOWAIT);
    wait4(child, &status, 0, NULL);
  }
}

int main(void) {
  chdir("/begin");
  files();
  signals();
  events();
  times();
  sockets();
  processes();
  syscall(9999, one, two, 3L, 4L, 5L, 6L);
  *(volatile int *)16 = 1;
}
