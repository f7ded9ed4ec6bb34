/* Something of each kind that can be frozen, so that images hold entries of every kind: it says "ready" and
 * waits until there is a file called as its argument says, or for a long while. Files it makes lie where it
 * starts. */
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

static void *wait_long(void *unused) {
  pause();
  return unused;
}

/* A FIFO, a pipe of packets, and files that have no name, each with something in it. */
static void pipes_and_unnamed(void) {
  int packets[2];
  OK(mkfifo("fifo", 0600) == 0, "set up");
  int fifo = open("fifo", O_RDWR | O_NONBLOCK);
  OK(write(fifo, "in the fifo", 11) == 11, "set up");
  OK(pipe2(packets, O_DIRECT | O_NONBLOCK) == 0, "set up");
  OK(write(packets[1], "one", 3) == 3 && write(packets[1], "another", 7) == 7, "set up");
  int deleted = open("deleted", O_CREAT | O_RDWR, 0600), reader = open("deleted", O_RDONLY);
  OK(write(deleted, "no name any more", 16) == 16 && lseek(reader, 3, SEEK_SET) == 3, "set up");
  unlink("deleted");
  int memory = memfd_create("in memory", MFD_ALLOW_SEALING);
  OK(write(memory, "never had a name", 16) == 16, "set up");
  OK(fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK) == 0, "set up");
}

/* The child's controlling terminal, with something typed and something printed. */
static void terminal(int master) {
  setsid();
  int slave = open(ptsname(master), O_RDWR);
  struct winsize size = {30, 100, 0, 0};
  OK(ioctl(slave, TIOCSWINSZ, &size) == 0, "set up");
  OK(write(slave, "printed\n", 8) == 8 && write(master, "typed\nhalf", 10) == 10, "set up");
}

/* A directory that is watched, with something that has happened in it, and a filter of system calls. */
static void watched_and_confined(void) {
  int watches = inotify_init1(IN_NONBLOCK);
  OK(mkdir("watched", 0700) == 0 && inotify_add_watch(watches, "watched", IN_CREATE) > 0, "set up");
  close(open("watched/new", O_CREAT | O_WRONLY, 0600));
  struct sock_filter all[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  struct sock_fprog filter = {1, all};
  OK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "set up");
  OK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0, "set up");
}

int main(int argc, char **argv) {
  int pair[2], ends[2];
  OK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "set up");
  OK(write(pair[0], "on its way", 10) == 10, "set up");
  OK(pipe(ends) == 0 && write(ends[1], "in the pipe", 11) == 11, "set up");
  int event = eventfd(3, 0), timer = timerfd_create(CLOCK_MONOTONIC, 0), epoll = epoll_create1(0);
  struct itimerspec soon = {{1000, 0}, {2000, 5}};
  OK(timerfd_settime(timer, 0, &soon, NULL) == 0, "set up");
  struct epoll_event watched = {.events = EPOLLIN, .data.u64 = 7};
  OK(epoll_ctl(epoll, EPOLL_CTL_ADD, event, &watched) == 0, "set up");
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigprocmask(SIG_BLOCK, &set, NULL);
  OK(signalfd(-1, &set, 0) >= 0, "set up");
  raise(SIGUSR1);
  timer_t id;
  OK(timer_create(CLOCK_MONOTONIC, NULL, &id) == 0, "set up");
  OK(timer_settime(id, 0, &soon, NULL) == 0, "set up");
  struct itimerval interval = {{50, 3}, {1000, 0}};
  OK(setitimer(ITIMER_VIRTUAL, &interval, NULL) == 0, "set up");
  int file = open(argv[0], O_RDONLY);
  OK(flock(file, LOCK_SH) == 0, "set up");
  struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 5};
  OK(fcntl(file, F_SETLK, &lock) == 0, "set up");
  char *shared = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  OK(shared != MAP_FAILED, "set up");
  shared[5] = 1;
  OK(mmap(NULL, 65536, PROT_READ, MAP_SHARED, file, 0) != MAP_FAILED, "set up");
  pid_t ended = fork();
  if (ended == 0) {
    _exit(3);
  }
  pipes_and_unnamed();
  int master = posix_openpt(O_RDWR | O_NOCTTY), told[2];
  OK(unlockpt(master) == 0 && pipe(told) == 0, "set up");
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    terminal(master);
    fflush(stdout);
    close(told[1]);
    pause();
  }
  char done;
  close(told[1]);
  OK(read(told[0], &done, 1) == 0, "set up");
  watched_and_confined();
  pthread_t thread;
  OK(pthread_create(&thread, NULL, wait_long, NULL) == 0, "set up");
  printf("ready\n");
  fflush(stdout);
  for (int i = 0; i < 300000 && !(argc > 1 && access(argv[1], F_OK) == 0); i++) {
    usleep(1000);
  }
  kill(child, SIGKILL);
  return 0;
}
