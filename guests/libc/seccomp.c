/* Does a process get exactly the system calls it allows itself? */
#include <linux/audit.h>
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

#if defined __powerpc64__ && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ARCHITECTURE AUDIT_ARCH_PPC64LE
#elif defined __powerpc64__
#define ARCHITECTURE AUDIT_ARCH_PPC64
#elif defined __powerpc__
#define ARCHITECTURE AUDIT_ARCH_PPC
#else
#define ARCHITECTURE AUDIT_ARCH_X86_64
#endif
#define DATA(field) (unsigned)offsetof(struct seccomp_data, field)
#define LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset)
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, value)
#define UNLESS(value, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip)
#define INSTALL(filter) install(filter, sizeof(filter) / sizeof *(filter))

static long install(struct sock_filter *filter, size_t count) {
  struct sock_fprog program = {.len = (unsigned short)count, .filter = filter};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

/* What wait says of a child that does something. */
static int child(void (*does)(void)) {
  int status = 0;
  pid_t pid = fork();
  if (pid == 0) {
    does();
    syscall(SYS_exit, 42);
  }
  waitpid(pid, &status, 0);
  return status;
}

#define EXITED(status, code) (WIFEXITED(status) && WEXITSTATUS(status) == (code))

static void strict_and_allowed(void) {
  prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
  syscall(SYS_write, 1, "", 0);
}

static void strict_and_forbidden(void) {
  prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
  syscall(SYS_getppid);
}

static void answers_errno(void) {
  struct sock_filter filter[] = {
      LOAD(DATA(nr)), UNLESS(SYS_getppid, 1), RETURN(SECCOMP_RET_ERRNO | EXDEV),
      RETURN(SECCOMP_RET_ALLOW)};
  if (INSTALL(filter)) syscall(SYS_exit, 1);
  errno = 0;
  if (syscall(SYS_getppid) != -1 || errno != EXDEV) syscall(SYS_exit, 2);
  if (prctl(PR_GET_SECCOMP) != SECCOMP_MODE_FILTER) syscall(SYS_exit, 3);
  pid_t pid = fork();
  if (pid == 0) syscall(SYS_exit, syscall(SYS_getppid) == -1 ? 7 : 8);
  int status;
  waitpid(pid, &status, 0);
  if (!EXITED(status, 7)) syscall(SYS_exit, 4);
}

static void knows_where_it_is(void) {
  struct sock_filter filter[] = {LOAD(DATA(arch)), UNLESS(ARCHITECTURE, 1),
                                 RETURN(SECCOMP_RET_ALLOW), RETURN(SECCOMP_RET_KILL_PROCESS)};
  if (INSTALL(filter)) syscall(SYS_exit, 1);
  syscall(SYS_getppid);
}

/* The second argument's low half decides. */
static void sees_arguments(void) {
  unsigned low = DATA(args[1]) + (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0);
  struct sock_filter filter[] = {
      LOAD(DATA(nr)), UNLESS(SYS_dup2, 3), LOAD(low), UNLESS(77, 1),
      RETURN(SECCOMP_RET_ERRNO | ENOTTY), RETURN(SECCOMP_RET_ALLOW)};
  if (INSTALL(filter)) syscall(SYS_exit, 1);
  errno = 0;
  if (syscall(SYS_dup2, 1, 77) != -1 || errno != ENOTTY) syscall(SYS_exit, 2);
  if (syscall(SYS_dup2, 1, 78) != 78) syscall(SYS_exit, 3);
}

static void computes(void) {
  struct sock_filter filter[] = {
      LOAD(DATA(nr)),
      UNLESS(SYS_getppid, 12),
      BPF_STMT(BPF_LD | BPF_IMM, 1000),
      BPF_STMT(BPF_ST, 3),
      BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 7), /* 142 */
      BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 4), /* 2272 */
      BPF_STMT(BPF_MISC | BPF_TAX, 0),
      BPF_STMT(BPF_LD | BPF_MEM, 3),
      BPF_STMT(BPF_ALU | BPF_SUB | BPF_X, 0), /* -1272 */
      BPF_STMT(BPF_ALU | BPF_NEG, 0),
      BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 1271, 0, 3),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 8, 0, 2),
      UNLESS(1272, 1),
      RETURN(SECCOMP_RET_ERRNO | EDOM),
      RETURN(SECCOMP_RET_ALLOW)};
  if (INSTALL(filter)) syscall(SYS_exit, 1);
  errno = 0;
  if (syscall(SYS_getppid) != -1 || errno != EDOM) syscall(SYS_exit, 2);
}

static volatile sig_atomic_t trapped;
static siginfo_t seen;

static void on_trap(int number, siginfo_t *info, void *context) {
  (void)number, (void)context;
  trapped++;
  seen = *info;
}

static void traps(void) {
  struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};
  sigaction(SIGSYS, &action, NULL);
  struct sock_filter filter[] = {LOAD(DATA(nr)), UNLESS(SYS_getppid, 1),
                                 RETURN(SECCOMP_RET_TRAP | 99), RETURN(SECCOMP_RET_ALLOW)};
  if (INSTALL(filter)) syscall(SYS_exit, 1);
  syscall(SYS_getppid);
  if (trapped != 1 || seen.si_code != 1 /* SYS_SECCOMP */) syscall(SYS_exit, 2);
  if (seen.si_errno != 99 || seen.si_syscall != SYS_getppid) syscall(SYS_exit, 3);
  if (seen.si_arch != ARCHITECTURE) syscall(SYS_exit, 4);
}

static void killed(void) {
  struct sock_filter filter[] = {LOAD(DATA(nr)), UNLESS(SYS_getppid, 1),
                                 RETURN(SECCOMP_RET_KILL_PROCESS), RETURN(SECCOMP_RET_ALLOW)};
  if (INSTALL(filter)) syscall(SYS_exit, 1);
  signal(SIGSYS, SIG_IGN);
  syscall(SYS_getppid);
}

static void strictest_wins(void) {
  struct sock_filter kind[] = {LOAD(DATA(nr)), UNLESS(SYS_getppid, 1),
                               RETURN(SECCOMP_RET_ERRNO | EDOM), RETURN(SECCOMP_RET_ALLOW)};
  struct sock_filter kinder[] = {RETURN(SECCOMP_RET_ALLOW)};
  struct sock_filter same[] = {LOAD(DATA(nr)), UNLESS(SYS_getppid, 1),
                               RETURN(SECCOMP_RET_ERRNO | EXDEV), RETURN(SECCOMP_RET_ALLOW)};
  if (INSTALL(kind) || INSTALL(kinder)) syscall(SYS_exit, 1);
  errno = 0;
  if (syscall(SYS_getppid) != -1 || errno != EDOM) syscall(SYS_exit, 2);
  if (INSTALL(same)) syscall(SYS_exit, 3);
  errno = 0;
  if (syscall(SYS_getppid) != -1 || errno != EXDEV) syscall(SYS_exit, 4);
}

static void *asks(void *unused) {
  (void)unused;
  sleep(0);
  errno = 0;
  return (void *)(long)(syscall(SYS_getppid) == -1 && errno == EDOM);
}

static void *installs(void *flags) {
  struct sock_filter filter[] = {LOAD(DATA(nr)), UNLESS(SYS_getppid, 1),
                                 RETURN(SECCOMP_RET_ERRNO | EDOM), RETURN(SECCOMP_RET_ALLOW)};
  struct sock_fprog program = {.len = 4, .filter = filter};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, *(unsigned *)flags, &program);
  return NULL;
}

static void thread_by_thread(void) {
  unsigned flags = 0;
  pthread_t thread;
  pthread_create(&thread, NULL, installs, &flags);
  pthread_join(thread, NULL);
  if (asks(NULL)) syscall(SYS_exit, 1);
  flags = SECCOMP_FILTER_FLAG_TSYNC;
  pthread_create(&thread, NULL, installs, &flags);
  pthread_join(thread, NULL);
  if (!asks(NULL)) syscall(SYS_exit, 2);
  void *result = NULL;
  pthread_create(&thread, NULL, asks, NULL);
  pthread_join(thread, &result);
  if (!result) syscall(SYS_exit, 3);
  _exit(42);
}

static void refused(void) {
  struct sock_filter no_return[] = {LOAD(DATA(nr))};
  struct sock_filter far_jump[] = {BPF_JUMP(BPF_JMP | BPF_JA, 1, 0, 0), RETURN(0)};
  struct sock_filter endless[] = {BPF_JUMP(BPF_JMP | BPF_JA, 0xffffffff, 0, 0), RETURN(0)};
  struct sock_filter unaligned[] = {LOAD(2), RETURN(0)};
  struct sock_filter beyond[] = {LOAD(sizeof(struct seccomp_data)), RETURN(0)};
  struct sock_filter by_zero[] = {BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0), RETURN(0)};
  struct sock_filter unwritten[] = {BPF_STMT(BPF_LD | BPF_MEM, 1), RETURN(0)};
  struct sock_filter no_cell[] = {BPF_STMT(BPF_ST, 16), RETURN(0)};
  struct sock_filter half[] = {
      UNLESS(0, 1), BPF_STMT(BPF_ST, 1), BPF_STMT(BPF_LD | BPF_MEM, 1), RETURN(0)};
  struct sock_filter packet[] = {BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0), RETURN(0)};
  struct sock_filter remainder[] = {BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, 3), RETURN(0)};
  FAILS(INSTALL(no_return), EINVAL, "a program ends with a return");
  FAILS(INSTALL(far_jump), EINVAL, "a jump stays inside");
  FAILS(INSTALL(endless), EINVAL, "there is no way back");
  FAILS(INSTALL(unaligned), EINVAL, "data are read in aligned words");
  FAILS(INSTALL(beyond), EINVAL, "nothing is behind them");
  FAILS(INSTALL(by_zero), EINVAL, "no constant division by zero");
  FAILS(INSTALL(unwritten), EINVAL, "a cell is written before it is read");
  FAILS(INSTALL(half), EINVAL, "on every way");
  FAILS(INSTALL(no_cell), EINVAL, "there are sixteen cells");
  FAILS(INSTALL(packet), EINVAL, "no loads of bytes");
  FAILS(INSTALL(remainder), EINVAL, "no remainders");
  FAILS(install(no_return, 0), EINVAL, "a program is not empty");
  FAILS(syscall(SYS_seccomp, 99, 0, NULL), EINVAL, "an unknown operation");
  FAILS(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 1u << 30, NULL), EINVAL, "an unknown flag");
  unsigned action = SECCOMP_RET_KILL_PROCESS, none = 0x12340000;
  OK(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0, "killing is available");
  FAILS(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &none), EOPNOTSUPP, "others are not");
}

int main(void) {
  begin();
  OK(EXITED(child(strict_and_allowed), 42), "strict mode leaves write and exit");
  int status = child(strict_and_forbidden);
  OK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "and kills for anything else");
  OK(EXITED(child(answers_errno), 42), "a filter answers with an errno, to children too");
  OK(EXITED(child(knows_where_it_is), 42), "a filter sees the architecture");
  OK(EXITED(child(sees_arguments), 42), "a filter sees arguments");
  OK(EXITED(child(computes), 42), "a filter computes");
  OK(EXITED(child(traps), 42), "a filter raises SIGSYS that says what was called");
  status = child(killed);
  OK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS, "SIGSYS kills even if ignored");
  OK(EXITED(child(strictest_wins), 42), "the strictest of several wins, then the newest");
  OK(EXITED(child(thread_by_thread), 42), "filters are a thread's own, unless synchronised");
  refused();
  return end();
}
