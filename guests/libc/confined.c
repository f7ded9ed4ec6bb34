/* Is a process still confined to the system calls that it allowed itself, after a while? It installs filters,
 * says "ready", waits for a file called "go" in the directory of its argument, and looks. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

#define LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset)
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, value)
#define UNLESS(value, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip)

/* A call that does nothing but answer an error. */
static long forbid(int number, int error, unsigned flags) {
  struct sock_filter filter[] = {
      LOAD((unsigned)offsetof(struct seccomp_data, nr)), UNLESS((unsigned)number, 1),
      RETURN(SECCOMP_RET_ERRNO | (unsigned)error), RETURN(SECCOMP_RET_ALLOW)};
  struct sock_fprog program = {.len = 4, .filter = filter};
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

static bool forbidden(int number, int error) {
  errno = 0;
  return syscall(number, 0, 0, 0) == -1 && errno == error;
}

static int filters(void) {
  char line[200];
  int count = -1;
  FILE *status = fopen("/proc/thread-self/status", "r");
  while (status && fgets(line, sizeof line, status)) {
    sscanf(line, "Seccomp_filters: %d", &count);
  }
  if (status) fclose(status);
  return count;
}

static pthread_barrier_t barrier;
static bool thread_held;

static void *confined_more(void *nothing) {
  OK(forbid(SYS_getpgid, EXDEV, 0) == 0, "a filter of a thread");
  pthread_barrier_wait(&barrier);
  pthread_barrier_wait(&barrier); /* after the while */
  thread_held = forbidden(SYS_getppid, EDOM) && forbidden(SYS_getpgid, EXDEV) &&
                !forbidden(SYS_getuid, ERANGE) && filters() == 2;
  pthread_barrier_wait(&barrier);
  return nothing;
}

static void *confined_alike(void *nothing) {
  pthread_barrier_wait(&barrier);
  pthread_barrier_wait(&barrier);
  pthread_barrier_wait(&barrier);
  return nothing;
}

int main(int count, char **arguments) {
  begin();
  const char *directory = count > 1 ? arguments[1] : ".";
  char *go = NULL, byte = 'x';
  asprintf(&go, "%s/go", directory);
  int to[2], from[2], status;
  OK(pipe(to) == 0 && pipe(from) == 0, "pipes");
  pid_t strict = fork();
  if (strict == 0) {
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
    syscall(SYS_write, from[1], "s", 1);
    syscall(SYS_read, to[0], &byte, 1);
    syscall(SYS_write, from[1], &byte, 1);
    syscall(SYS_getppid);
    syscall(SYS_exit, 42);
  }
  OK(read(from[0], &byte, 1) == 1 && byte == 's', "a child that may but read and write");
  OK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no new privileges");
  OK(forbid(SYS_getppid, EDOM, 0) == 0, "a filter");
  pthread_barrier_init(&barrier, NULL, 3);
  pthread_t more, alike;
  OK(pthread_create(&more, NULL, confined_more, NULL) == 0, "a thread with a filter of its own");
  OK(pthread_create(&alike, NULL, confined_alike, NULL) == 0, "a thread with the same");
  pthread_barrier_wait(&barrier);
  printf("ready\n");
  while (access(go, F_OK) != 0) {
    usleep(1000);
  }
  OK(forbidden(SYS_getppid, EDOM), "the first filter");
  OK(!forbidden(SYS_getpgid, EXDEV), "the thread's own is not another one's");
  OK(filters() == 1, "one filter");
  OK(prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == SECCOMP_MODE_FILTER, "the mode");
  OK(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1, "no new privileges yet");
  long other = forbid(SYS_getuid, ERANGE, SECCOMP_FILTER_FLAG_TSYNC);
  OK(other > 0 && other != getpid(), "a thread with more filters cannot be given another");
  pthread_barrier_wait(&barrier);
  pthread_barrier_wait(&barrier);
  pthread_join(more, NULL);
  pthread_join(alike, NULL);
  OK(thread_held, "the thread's filters");
  OK(forbid(SYS_getuid, ERANGE, SECCOMP_FILTER_FLAG_TSYNC) == 0, "one filter more for all");
  OK(forbidden(SYS_getppid, EDOM) && forbidden(SYS_getuid, ERANGE) && filters() == 2, "both filters");
  OK(write(to[1], "y", 1) == 1 && read(from[0], &byte, 1) == 1 && byte == 'y', "the child goes on");
  OK(waitpid(strict, &status, 0) == strict && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
     "and may not ask for its parent");
  return end();
}
