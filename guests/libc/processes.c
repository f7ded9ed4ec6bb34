/* Do fork, vfork, exec, spawn and wait give processes their own memory, descriptors and ends? */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

extern char **environ;

static int private_value = 1;
static const char *self;

static int wait_status(pid_t pid) {
  int status = -1;
  while (waitpid(pid, &status, 0) == -1 && errno == EINTR) {
  }
  return status;
}

static void copies(void) {
  int *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pid_t child = fork();
  if (child == 0) {
    *shared = ++private_value;
    _exit(getppid() == getpid() ? 1 : 9);
  }
  OK(wait_status(child) == 9 << 8, "a child's exit status");
  OK(*shared == 2 && private_value == 1, "memory of its own, shared memory shared");
  child = vfork();
  if (child == 0) {
    *shared = 5;
    _exit(3);
  }
  OK(*shared == 5, "vfork returns when the child is done");
  OK(wait_status(child) == 3 << 8, "and the child is waited for as any other");
}

static void orders(void) {
  enum { COUNT = 20 };
  pid_t children[COUNT];
  int seen = 0, right = 0;
  for (int i = 0; i < COUNT; i++) {
    children[i] = fork();
    if (children[i] == 0) {
      _exit(i);
    }
  }
  int status;
  for (pid_t pid; (pid = wait(&status)) > 0; seen++) {
    for (int i = 0; i < COUNT; i++) {
      right += children[i] == pid && WEXITSTATUS(status) == i;
    }
  }
  OK(seen == COUNT && right == COUNT && errno == ECHILD, "twenty children, each with its status");
  int go[2];
  OK(pipe(go) == 0, "a pipe");
  pid_t child = fork();
  if (child == 0) {
    char byte;
    raise(SIGSTOP);
    _exit(read(go[0], &byte, 1) == 1 ? 4 : 5);
  }
  waitpid(child, &status, WUNTRACED);
  OK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP, "a stopped child is reported");
  OK(waitpid(child, &status, WNOHANG) == 0, "WNOHANG does not wait");
  kill(child, SIGCONT);
  waitpid(child, &status, WCONTINUED);
  OK(WIFCONTINUED(status), "a continued child is reported");
  OK(write(go[1], "x", 1) == 1, "the child may end");
  siginfo_t info;
  OK(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT) == 0 && info.si_code == CLD_EXITED &&
         info.si_status == 4 && info.si_pid == child,
     "waitid tells without taking");
  OK(wait_status(child) == 4 << 8, "and the child can still be waited for");
  FAILS(waitpid(getpid(), NULL, 0), ECHILD, "a stranger is ECHILD");
}

static void programs(void) {
  int ends[2];
  char text[256];
  pipe2(ends, O_CLOEXEC);
  int kept = dup(ends[1]);
  snprintf(text, sizeof text, "%d", kept);
  pid_t child = fork();
  if (child == 0) {
    setenv("VESTIBULE_CHECK", "a b", 1);
    execl(self, self, "--child", text, "", "two words", (char *)NULL);
    _exit(126);
  }
  close(kept);
  close(ends[1]);
  memset(text, 0, sizeof text);
  for (size_t at = 0; at < sizeof text - 1;) {
    ssize_t got = read(ends[0], text + at, sizeof text - 1 - at);
    if (got <= 0) {
      break;
    }
    at += (size_t)got;
  }
  OK(strcmp(text, "5:[][two words][a b]closed") == 0,
     "a new program gets arguments, environment and open descriptors");
  OK(wait_status(child) == 21 << 8, "and keeps its process");
  close(ends[0]);
  FAILS(execl("/nonexistent", "x", (char *)NULL), ENOENT, "an absent program is ENOENT");
  FAILS(execl("/", "x", (char *)NULL), EACCES, "a directory is EACCES");
  char name[] = "/tmp/vestibule-exec-XXXXXX";
  int fd = mkstemp(name);
  write(fd, "not a program\n", 14);
  fchmod(fd, 0700);
  close(fd);
  FAILS(execl(name, "x", (char *)NULL), ENOEXEC, "text without #! is ENOEXEC");
  fd = open(name, O_WRONLY | O_TRUNC);
  dprintf(fd, "#!%s --script\n", self);
  close(fd);
  child = fork();
  if (child == 0) {
    execl(name, "x", "argument", (char *)NULL);
    _exit(126);
  }
  OK(wait_status(child) == 22 << 8, "a script runs its interpreter");
  char *spawn_arguments[] = {(char *)self, "--exit", "23", NULL};
  OK(posix_spawn(&child, self, NULL, NULL, spawn_arguments, environ) == 0 &&
         wait_status(child) == 23 << 8,
     "posix_spawn");
  spawn_arguments[0] = "x";
  OK(posix_spawn(&child, "/nonexistent", NULL, NULL, spawn_arguments, environ) == ENOENT,
     "posix_spawn tells that there is no program");
  unlink(name);
}

static void groups(void) {
  pid_t child = fork();
  if (child == 0) {
    bool right = setpgid(0, 0) == 0 && getpgrp() == getpid() && getsid(0) != getpid();
    right &= setsid() == -1 && errno == EPERM;
    pid_t grandchild = fork();
    if (grandchild == 0) {
      _exit(setsid() == getpid() && getsid(0) == getpid() ? 0 : 1);
    }
    _exit(right && wait_status(grandchild) == 0 ? 0 : 1);
  }
  OK(wait_status(child) == 0, "process groups and sessions");
  child = fork();
  if (child == 0) {
    setpgid(0, 0);
    for (;;) {
      pause();
    }
  }
  setpgid(child, child);
  kill(-child, SIGTERM);
  OK(WTERMSIG(wait_status(child)) == SIGTERM, "a signal to a group");
}

static void limits(void) {
  struct rlimit limit, again;
  getrlimit(RLIMIT_NOFILE, &limit);
  struct rlimit lower = {.rlim_cur = 20, .rlim_max = limit.rlim_max};
  setrlimit(RLIMIT_NOFILE, &lower);
  getrlimit(RLIMIT_NOFILE, &again);
  int last = -1, fd;
  while ((fd = dup(0)) >= 0) {
    last = fd;
  }
  OK(again.rlim_cur == 20 && last == 19 && errno == EMFILE, "RLIMIT_NOFILE");
  for (fd = 3; fd < 20; fd++) {
    close(fd);
  }
  setrlimit(RLIMIT_NOFILE, &limit);
  pid_t child = fork();
  if (child == 0) {
    struct rlimit cpu = {1, 2};
    setrlimit(RLIMIT_CPU, &cpu);
    volatile unsigned spin = 0;
    for (;;) {
      spin++;
    }
  }
  OK(WTERMSIG(wait_status(child)) == SIGXCPU, "RLIMIT_CPU");
}

static int cloned(void *argument) {
  *(int *)argument = 77;
  return 5;
}

static void clones(void) {
  static char stack[65536] __attribute__((aligned(16)));
  volatile int value = 0;
  pid_t child = clone(cloned, stack + sizeof stack, CLONE_VM | SIGCHLD, (void *)&value);
  OK(child > 0 && wait_status(child) == 5 << 8 && value == 77, "clone with shared memory");
}

static int as_child(int argc, char **argv) {
  int fd = atoi(argv[2]);
  const char *variable = getenv("VESTIBULE_CHECK");
  dprintf(fd, "%d:[%s][%s][%s]%s", argc, argv[3], argv[4], variable ? variable : "?",
          fcntl(fd - 1, F_GETFD) == -1 ? "closed" : "open");
  return 21;
}

int main(int argc, char **argv) {
  begin();
  self = argv[0];
  static char path[4096];
  ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
  if (length > 0) {
    path[length] = 0;
    self = path;
  }
  if (argc == 5 && strcmp(argv[1], "--child") == 0) {
    return as_child(argc, argv);
  }
  if (argc == 3 && strcmp(argv[1], "--exit") == 0) {
    return atoi(argv[2]);
  }
  if (argc == 4 && strcmp(argv[1], "--script") == 0) {
    return strcmp(argv[3], "argument") == 0 ? 22 : 1;
  }
  copies();
  orders();
  programs();
  groups();
  limits();
  clones();
  return end();
}
