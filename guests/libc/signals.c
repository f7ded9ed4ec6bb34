/* Do signals arrive as sigaction(2) and signal(7) say? */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

static volatile sig_atomic_t runs, last_number, order[64];
static siginfo_t last;
static sigjmp_buf jump;

static void note(int number, siginfo_t *info, void *context) {
  (void)context;
  if (runs < 64) {
    order[runs] = number;
  }
  runs++;
  last_number = number;
  last = *info;
}

static void note_and_jump(int number, siginfo_t *info, void *context) {
  note(number, info, context);
  siglongjmp(jump, 1);
}

static void on(int number, void (*handler)(int, siginfo_t *, void *), int flags) {
  struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};
  sigaction(number, &action, NULL);
}

static void senders(void) {
  on(SIGUSR1, note, SA_RESTART);
  kill(getpid(), SIGUSR1);
  OK(runs == 1 && last.si_code == SI_USER && last.si_pid == getpid(), "kill is SI_USER");
  raise(SIGUSR1);
  OK(runs == 2 && last.si_code == SI_TKILL, "raise is SI_TKILL");
  union sigval value = {.sival_int = 77};
  sigqueue(getpid(), SIGUSR1, value);
  OK(last.si_code == SI_QUEUE && last.si_value.sival_int == 77, "sigqueue is SI_QUEUE");
  pid_t child = fork();
  if (child == 0) {
    kill(getppid(), SIGUSR1);
    _exit(0);
  }
  waitpid(child, NULL, 0);
  OK(runs == 4 && last.si_pid == child, "a child is named as the sender");
  OK(kill(getpid(), 0) == 0, "signal 0 only asks");
  FAILS(kill(getpid(), 65), EINVAL, "signal 65 is EINVAL");
  FAILS(kill(child, 0), ESRCH, "a gone process is ESRCH");
  struct sigaction action = {.sa_handler = SIG_IGN};
  FAILS(sigaction(SIGKILL, &action, NULL), EINVAL, "SIGKILL cannot be ignored");
  FAILS(sigaction(SIGSTOP, &action, NULL), EINVAL, "SIGSTOP cannot be ignored");
}

static void actions(void) {
  struct sigaction old, action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO | SA_RESETHAND};
  sigaddset(&action.sa_mask, SIGUSR2);
  sigaction(SIGUSR1, &action, NULL);
  sigaction(SIGUSR1, NULL, &old);
  OK(old.sa_sigaction == note && (old.sa_flags & (SA_SIGINFO | SA_RESETHAND)) ==
         (SA_SIGINFO | SA_RESETHAND) && sigismember(&old.sa_mask, SIGUSR2) == 1 &&
         sigismember(&old.sa_mask, SIGUSR1) == 0,
     "sigaction gives back what was set");
  raise(SIGUSR1);
  sigaction(SIGUSR1, NULL, &old);
  OK(old.sa_handler == SIG_DFL, "SA_RESETHAND");
  signal(SIGUSR1, SIG_IGN);
  raise(SIGUSR1);
  OK(true, "an ignored signal does nothing");
}

static void queues(void) {
  sigset_t set, old, pending;
  sigfillset(&set);
  sigprocmask(SIG_SETMASK, &set, &old);
  on(SIGUSR1, note, 0);
  on(SIGRTMIN, note, 0);
  on(SIGRTMIN + 2, note, 0);
  runs = 0;
  kill(getpid(), SIGUSR1);
  kill(getpid(), SIGUSR1);
  union sigval value;
  for (int i = 0; i < 3; i++) {
    value.sival_int = i;
    sigqueue(getpid(), SIGRTMIN + 2, value);
    sigqueue(getpid(), SIGRTMIN, value);
  }
  sigpending(&pending);
  OK(sigismember(&pending, SIGUSR1) && sigismember(&pending, SIGRTMIN) &&
         !sigismember(&pending, SIGUSR2) && runs == 0,
     "blocked signals are pending");
  siginfo_t info;
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, SIGRTMIN + 2);
  int values[3];
  for (int i = 0; i < 3; i++) {
    sigwaitinfo(&one, &info);
    values[i] = info.si_value.sival_int;
  }
  OK(values[0] == 0 && values[1] == 1 && values[2] == 2, "real-time signals queue in order");
  struct timespec none = {0, 0};
  FAILS(sigtimedwait(&one, &info, &none), EAGAIN, "then there is none: EAGAIN");
  sigprocmask(SIG_SETMASK, &old, NULL);
  int user = 0, real_time = 0;
  for (int i = 0; i < runs && i < 64; i++) {
    user += order[i] == SIGUSR1;
    real_time += order[i] == SIGRTMIN;
  }
  OK(user == 1, "a standard signal is pending once");
  OK(real_time == 3, "a real-time signal as often as it was sent");
  sigset_t almost;
  sigfillset(&almost);
  sigdelset(&almost, SIGUSR1);
  sigprocmask(SIG_SETMASK, &set, NULL);
  kill(getpid(), SIGUSR1);
  runs = 0;
  FAILS(sigsuspend(&almost), EINTR, "sigsuspend ends with EINTR");
  OK(runs == 1, "after the handler");
  sigprocmask(SIG_SETMASK, NULL, &one);
  OK(sigismember(&one, SIGUSR1) == 1, "and the mask is as it was");
  sigprocmask(SIG_SETMASK, &old, NULL);
}

struct reading {
  int fd;
  volatile ssize_t result;
  volatile int error;
  volatile bool done;
};

static void *reads(void *argument) {
  struct reading *reading = argument;
  char byte;
  reading->result = read(reading->fd, &byte, 1);
  reading->error = errno;
  __atomic_store_n(&reading->done, true, __ATOMIC_RELEASE);
  return NULL;
}

static void interruptions(void) {
  int ends[2];
  pipe(ends);
  struct reading reading = {.fd = ends[0]};
  pthread_t thread;
  on(SIGUSR2, note, 0);
  pthread_create(&thread, NULL, reads, &reading);
  /* Signals until one finds the thread inside read. */
  while (!__atomic_load_n(&reading.done, __ATOMIC_ACQUIRE)) {
    pthread_kill(thread, SIGUSR2);
    usleep(1000);
  }
  pthread_join(thread, NULL);
  OK(reading.result == -1 && reading.error == EINTR, "a read is interrupted: EINTR");
  on(SIGUSR2, note, SA_RESTART);
  reading.done = false;
  runs = 0;
  pthread_create(&thread, NULL, reads, &reading);
  while (runs < 20) {
    pthread_kill(thread, SIGUSR2);
    usleep(1000);
  }
  bool early = __atomic_load_n(&reading.done, __ATOMIC_ACQUIRE);
  write(ends[1], "x", 1);
  pthread_join(thread, NULL);
  OK(!early && reading.result == 1, "with SA_RESTART it goes on");
  close(ends[0]);
  close(ends[1]);
}

static void faults(void) {
  on(SIGSEGV, note_and_jump, 0);
  on(SIGBUS, note_and_jump, 0);
  on(SIGILL, note_and_jump, 0);
  on(SIGTRAP, note_and_jump, 0);
  long page = sysconf(_SC_PAGESIZE);
  volatile char *p = mmap(NULL, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (sigsetjmp(jump, 1) == 0) {
    p[1] = 1;
  }
  OK(last_number == SIGSEGV && last.si_code == SEGV_ACCERR && last.si_addr == (void *)(p + 1),
     "a store to read-only memory is SEGV_ACCERR");
  munmap((void *)p, page);
  if (sigsetjmp(jump, 1) == 0) {
    (void)p[2];
  }
  OK(last_number == SIGSEGV && last.si_code == SEGV_MAPERR && last.si_addr == (void *)(p + 2),
     "a load from nowhere is SEGV_MAPERR");
  FILE *file = tmpfile();
  p = mmap(NULL, page, PROT_READ, MAP_SHARED, fileno(file), 0);
  if (sigsetjmp(jump, 1) == 0) {
    (void)p[3];
  }
  OK(last_number == SIGBUS && last.si_code == BUS_ADRERR && last.si_addr == (void *)(p + 3),
     "a load behind the end of a file is BUS_ADRERR");
  fclose(file);
  last_number = 0;
  if (sigsetjmp(jump, 1) == 0) {
#if defined __powerpc__
    __asm__ volatile(".long 0");
#else
    __asm__ volatile("ud2");
#endif
  }
#if defined __powerpc__
  OK(last_number == SIGILL && last.si_code == ILL_ILLOPC, "an illegal instruction is ILL_ILLOPC");
#else
  OK(last_number == SIGILL && last.si_code == ILL_ILLOPN, "an illegal instruction is SIGILL");
#endif
  if (sigsetjmp(jump, 1) == 0) {
#if defined __powerpc__
    __asm__ volatile("trap");
#else
    __asm__ volatile("int3");
#endif
  }
  OK(last_number == SIGTRAP, "a trap is SIGTRAP");
  stack_t stack = {.ss_sp = malloc(65536), .ss_size = 65536}, old;
  sigaltstack(&stack, NULL);
  sigaltstack(NULL, &old);
  OK(old.ss_sp == stack.ss_sp && old.ss_size == 65536 && old.ss_flags == 0, "sigaltstack");
  stack.ss_size = 100;
  FAILS(sigaltstack(&stack, NULL), ENOMEM, "a tiny one is ENOMEM");
}

/* Endless recursion: only a handler on another stack can say so. */
static __attribute__((noinline)) int recurse(volatile int *depth) {
  volatile char room[4096];
  room[0] = (char)++*depth;
  return *depth < 0 ? 0 : recurse(depth) + room[0];
}

static void overflow(void) {
  on(SIGSEGV, note_and_jump, SA_ONSTACK);
  volatile int depth = 0;
  last_number = 0;
  if (sigsetjmp(jump, 1) == 0) {
    recurse(&depth);
  }
  OK(last_number == SIGSEGV && depth > 100, "a stack overflow is caught on another stack");
  signal(SIGSEGV, SIG_DFL);
}

static int status_of(int number) {
  pid_t child = fork();
  int status = -1;
  if (child == 0) {
    signal(number, SIG_DFL);
    raise(number);
    _exit(7);
  }
  waitpid(child, &status, 0);
  return status;
}

static void defaults(void) {
  OK(WIFSIGNALED(status_of(SIGTERM)) && WTERMSIG(status_of(SIGTERM)) == SIGTERM,
     "SIGTERM ends a process");
  OK(WTERMSIG(status_of(SIGRTMIN)) == SIGRTMIN, "a real-time signal ends a process");
  OK(WIFEXITED(status_of(SIGURG)) && WEXITSTATUS(status_of(SIGURG)) == 7,
     "SIGURG is ignored by default");
  on(SIGCHLD, note, SA_RESTART);
  runs = 0;
  pid_t child = fork();
  if (child == 0) {
    _exit(3);
  }
  waitpid(child, NULL, 0);
  OK(runs == 1 && last.si_code == CLD_EXITED && last.si_status == 3 && last.si_pid == child,
     "SIGCHLD says how the child ended");
  on(SIGCHLD, note, SA_NOCLDWAIT | SA_RESTART);
  child = fork();
  if (child == 0) {
    _exit(3);
  }
  FAILS(waitpid(child, NULL, 0), ECHILD, "SA_NOCLDWAIT leaves nothing to wait for");
  signal(SIGCHLD, SIG_DFL);
}

int main(void) {
  begin();
  senders();
  actions();
  queues();
  interruptions();
  faults();
  overflow();
  defaults();
  return end();
}
