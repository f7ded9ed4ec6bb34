/* Does ptrace stop, show, change and resume tasks as ptrace(2) says? The host's kernel agrees. */
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

#ifndef PTRACE_GET_SYSCALL_INFO
#define PTRACE_GET_SYSCALL_INFO 0x420e
#endif
#define SYSCALL_STOP (SIGTRAP | 0x80)

typedef struct {
  uint8_t op, pad[3];
  uint32_t arch;
  uint64_t ip, sp;
  union {
    struct { uint64_t nr, args[6]; } entry;
    struct { int64_t rval; uint8_t is_error; } exit;
  };
} call_info;

static volatile int handled;
static volatile long variable = 17;
static const char *self;

static void on_signal(int number) {
  handled = number;
}

static long trace(int request, pid_t pid, long address, long data) {
  return ptrace(request, pid, (void *)address, (void *)data);
}

/* The next wait status of a task, traced or not. */
static int next(pid_t pid) {
  int status = -1;
  while (waitpid(pid, &status, __WALL) == -1 && errno == EINTR) {
  }
  return status;
}

static bool stops(pid_t pid, int signal, int event) {
  int status = next(pid);
  bool right = status == (signal << 8 | event << 16 | 0x7f);
  if (!right) {
    printf("# status %x\n", status);
  }
  return right;
}

/* A child that is traced from its start and rests by SIGSTOP. */
static pid_t traced(void (*work)(void)) {
  pid_t child = fork();
  if (child == 0) {
    trace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    work();
    _exit(0);
  }
  OK(stops(child, SIGSTOP, 0), "a traced child stops");
  return child;
}

static char state(pid_t pid, int *tracer) {
  char name[64], text[4096];
  snprintf(name, sizeof name, "/proc/%d/status", pid);
  int fd = open(name, O_RDONLY);
  ssize_t n = read(fd, text, sizeof text - 1);
  close(fd);
  text[n < 0 ? 0 : n] = 0;
  char *line = strstr(text, "TracerPid:\t");
  *tracer = line ? atoi(line + 11) : -1;
  line = strstr(text, "State:\t");
  return line ? line[7] : '?';
}

static void signals_work(void) {
  signal(SIGUSR1, on_signal);
  signal(SIGUSR2, on_signal);
  raise(SIGUSR1);
  raise(SIGUSR1);
  if (handled == 0) {
    raise(SIGUSR1);
    _exit(handled == SIGUSR2 ? 5 : 6);
  }
  _exit(7);
}

static void signals(void) {
  pid_t child = traced(signals_work);
  int tracer = 0;
  OK(state(child, &tracer) == 't' && tracer == getpid(), "/proc shows the stop and the tracer");
  FAILS(trace(PTRACE_ATTACH, child, 0, 0), EPERM, "a second tracer is refused");
  FAILS(trace(PTRACE_CONT, getpid(), 0, 0), ESRCH, "what is not traced cannot be resumed");
  FAILS(trace(PTRACE_CONT, child, 0, 1000), EIO, "no such signal");
  trace(PTRACE_CONT, child, 0, 0);
  OK(stops(child, SIGUSR1, 0), "a signal stops before it is delivered");
  siginfo_t info;
  memset(&info, 0, sizeof info);
  OK(trace(PTRACE_GETSIGINFO, child, 0, (long)&info) == 0 && info.si_signo == SIGUSR1 &&
         info.si_code == SI_TKILL && info.si_pid == child, "its information");
  trace(PTRACE_CONT, child, 0, 0);
  OK(stops(child, SIGUSR1, 0), "it was suppressed, the next one comes");
  uint64_t mask = 0;
  OK(trace(PTRACE_GETSIGMASK, child, 8, (long)&mask) == 0, "the blocked signals");
  FAILS(trace(PTRACE_GETSIGMASK, child, 4, (long)&mask), EINVAL, "of another size");
  trace(PTRACE_CONT, child, 0, 0);
  OK(stops(child, SIGUSR1, 0), "and the third");
  trace(PTRACE_CONT, child, 0, SIGUSR2);
  OK(next(child) == 5 << 8, "another signal was delivered instead");
  FAILS(trace(PTRACE_CONT, child, 0, 0), ESRCH, "after the end nothing can be resumed");
}

static void memory_work(void) {
  _exit(variable == 18 ? 3 : 4);
}

static void memory(void) {
  void *page = mmap(NULL, 65536, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  void *shared = mmap(NULL, 65536, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pid_t child = traced(memory_work);
  errno = 0;
  OK(trace(PTRACE_PEEKDATA, child, (long)&variable, 0) == 17 && errno == 0, "memory is read");
  OK(trace(PTRACE_POKEDATA, child, (long)&variable, 18) == 0 && variable == 17, "and written");
  OK(trace(PTRACE_POKEDATA, child, (long)page, 5) == 0 && *(long *)page == 0 &&
         trace(PTRACE_PEEKDATA, child, (long)page, 0) == 5, "a read-only page is copied for it");
  FAILS(trace(PTRACE_POKEDATA, child, (long)shared, 5), EIO, "a shared one is not");
  FAILS(trace(PTRACE_PEEKDATA, child, 64, 0), EIO, "nothing is mapped there");
  long value = 0;
  struct iovec mine = {&value, sizeof value}, its = {(void *)&variable, sizeof variable};
  OK(process_vm_readv(child, &mine, 1, &its, 1, 0) == sizeof value && value == 18,
     "process_vm_readv");
  its.iov_base = page;
  FAILS(process_vm_writev(child, &mine, 1, &its, 1, 0), EFAULT, "process_vm_writev heeds protection");
  char name[64];
  snprintf(name, sizeof name, "/proc/%d/mem", child);
  int fd = open(name, O_RDWR);
  OK(pread64(fd, &value, sizeof value, (off64_t)(uintptr_t)&variable) == sizeof value && value == 18,
     "/proc/PID/mem is read");
  value = 9;
  OK(pwrite64(fd, &value, sizeof value, (off64_t)(uintptr_t)page) == sizeof value, "and overrides too");
  close(fd);
  OK(trace(PTRACE_DETACH, child, 0, 0) == 0 && next(child) == 3 << 8, "it goes on when detached");
  munmap(page, 65536);
  munmap(shared, 65536);
}

/* What /proc tells of a task that rests behind a system call: its number or -1, then addresses. */
static void calls_text(pid_t child, long number) {
  char name[64], text[256];
  snprintf(name, sizeof name, "/proc/%d/syscall", child);
  int fd = open(name, O_RDONLY);
  ssize_t n = read(fd, text, sizeof text - 1);
  close(fd);
  text[n < 0 ? 0 : n] = 0;
  OK(strtol(text, NULL, 10) == number && strstr(text, " 0x"), "/proc/PID/syscall");
}

static void calls_work(void) {
  syscall(SYS_getpid);
  syscall(SYS_close, -1);
  syscall(SYS_exit_group, 8);
}

static bool call_stop(pid_t child, call_info *info) {
  memset(info, 0, sizeof *info);
  return trace(PTRACE_SYSCALL, child, 0, 0) == 0 && stops(child, SYSCALL_STOP, 0) &&
         trace(PTRACE_GET_SYSCALL_INFO, child, sizeof *info, (long)info) > 0;
}

static void calls(void) {
  pid_t child = traced(calls_work);
  call_info info;
  OK(trace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACESYSGOOD) == 0, "options");
  FAILS(trace(PTRACE_SETOPTIONS, child, 0, 1 << 30), EINVAL, "no such option");
  bool good = true;
  do { /* what raise(3) does behind the signal */
    good &= call_stop(child, &info);
  } while (good && !(info.op == 1 && info.entry.nr == SYS_getpid));
  OK(good, "getpid begins");
  OK(call_stop(child, &info) && info.op == 2 && info.exit.rval == child && !info.exit.is_error,
     "and ends");
  OK(call_stop(child, &info) && info.op == 1 && info.entry.nr == SYS_close &&
         (int)info.entry.args[0] == -1, "close(-1) begins");
  calls_text(child, SYS_close);
  OK(call_stop(child, &info) && info.op == 2 && info.exit.rval == -EBADF && info.exit.is_error,
     "and fails");
  OK(call_stop(child, &info) && info.op == 1 && info.entry.nr == SYS_exit_group, "exit begins");
  trace(PTRACE_CONT, child, 0, 0);
  OK(next(child) == 8 << 8, "and is the end");
}

static void filter_work(void) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), /* the number */
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE | 77),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {4, code};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    _exit(9);
  }
  _exit(syscall(SYS_getppid) > 0 ? 6 : 7);
}

static void filters(void) {
  pid_t child = traced(filter_work);
  unsigned long message = 0;
  trace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACESECCOMP);
  trace(PTRACE_CONT, child, 0, 0);
  OK(stops(child, SIGTRAP, PTRACE_EVENT_SECCOMP), "a filter's wish is told");
  OK(trace(PTRACE_GETEVENTMSG, child, 0, (long)&message) == 0 && message == 77, "with its data");
  trace(PTRACE_CONT, child, 0, 0);
  OK(next(child) == 6 << 8, "and the call is made");
}

static void step_work(void) {
  for (;;) {
    variable++;
  }
}

static void steps(void) {
  pid_t child = traced(step_work);
  int good = 0;
  for (int i = 0; i < 300; i++) {
    good += trace(PTRACE_SINGLESTEP, child, 0, 0) == 0 && stops(child, SIGTRAP, 0);
  }
  OK(good == 300, "three hundred steps");
  siginfo_t info;
  memset(&info, 0, sizeof info);
  OK(trace(PTRACE_GETSIGINFO, child, 0, (long)&info) == 0 && info.si_code == TRAP_TRACE,
     "a step's information");
  OK(trace(PTRACE_KILL, child, 0, 0) == 0 && next(child) == SIGKILL, "PTRACE_KILL");
}

static void *thread_work(void *unused) {
  (void)unused;
  return NULL;
}

static void events_work(void) {
  pid_t child = fork();
  if (child == 0) {
    _exit(2);
  }
  waitpid(child, NULL, 0);
  pthread_t thread;
  pthread_create(&thread, NULL, thread_work, NULL);
  pthread_join(thread, NULL);
  child = vfork();
  if (child == 0) {
    _exit(3);
  }
  waitpid(child, NULL, 0);
  execl(self, self, "exec", NULL);
  _exit(9);
}

static bool expect_stop(int status, int event) {
  return WIFSTOPPED(status) && status >> 8 == (SIGTRAP | event << 8);
}

static void events(void) {
  pid_t child = traced(events_work);
  trace(PTRACE_SETOPTIONS, child, 0,
        PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC |
            PTRACE_O_TRACEVFORKDONE | PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL);
  int seen = 0, exits = 0, ends = 0, born = 0, last = -1;
  unsigned long message = 0;
  trace(PTRACE_CONT, child, 0, 0);
  for (;;) {
    int status;
    pid_t pid = waitpid(-1, &status, __WALL);
    if (pid == -1) {
      break;
    }
    if (!WIFSTOPPED(status)) {
      ends++;
      if (pid == child) {
        last = status;
      }
      continue;
    }
    int signal = WSTOPSIG(status), event = status >> 16;
    if (event != 0) {
      seen |= 1 << event;
      trace(PTRACE_GETEVENTMSG, pid, 0, (long)&message);
      exits += event == PTRACE_EVENT_EXIT;
      if (event == PTRACE_EVENT_EXEC && message != (unsigned long)pid) {
        seen |= 1 << 20;
      }
    }
    if (signal == SIGSTOP && pid != child) {
      born++;
    }
    bool pass = event == 0 && signal != SIGSTOP && signal != SIGTRAP;
    trace(PTRACE_CONT, pid, 0, pass ? signal : 0);
  }
  OK(seen == (1 << PTRACE_EVENT_FORK | 1 << PTRACE_EVENT_VFORK | 1 << PTRACE_EVENT_CLONE |
              1 << PTRACE_EVENT_EXEC | 1 << PTRACE_EVENT_VFORK_DONE | 1 << PTRACE_EVENT_EXIT),
     "every event was seen");
  OK(born == 3 && exits == 4 && ends == 4, "three tasks were born, four ended");
  OK(last == 21 << 8, "the new program's end");
}

static void *exec_thread(void *unused) {
  (void)unused;
  execl(self, self, "exec", NULL);
  return NULL;
}

static void exec_work(void) {
  pthread_t thread;
  pthread_create(&thread, NULL, exec_thread, NULL);
  for (;;) {
    pause();
  }
}

/* A thread that is not the first execs: it takes the first one's id, whose end nobody is told. */
static void executes(void) {
  pid_t child = traced(exec_work), thread = 0;
  unsigned long message = 0;
  bool told = false;
  int status, others = 0;
  trace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC);
  trace(PTRACE_CONT, child, 0, 0);
  for (;;) {
    pid_t pid = waitpid(-1, &status, __WALL);
    if (pid == -1) {
      break;
    }
    if (!WIFSTOPPED(status)) {
      others += pid != child || status != 21 << 8;
      continue;
    }
    /* The thread may stop, go on and exec before its creator's stop is seen, and then that is lost. */
    if (pid != child) {
      thread = pid;
    }
    if (expect_stop(status, PTRACE_EVENT_EXEC)) {
      trace(PTRACE_GETEVENTMSG, pid, 0, (long)&message);
      told = pid == child && thread != 0 && message == (unsigned long)thread;
    }
    trace(PTRACE_CONT, pid, 0, 0);
  }
  OK(told, "exec in a thread is told with its former id");
  OK(others == 0 && status == 21 << 8, "and nothing else ends");
}

static void seize_work(void) {
  for (;;) {
    pause();
  }
}

static void seize(void) {
  int tracer;
  pid_t child = fork();
  if (child == 0) {
    signal(SIGCONT, on_signal);
    seize_work();
  }
  FAILS(trace(PTRACE_SEIZE, child, 1, 0), EIO, "PTRACE_SEIZE has no address");
  OK(trace(PTRACE_SEIZE, child, 0, 0) == 0, "PTRACE_SEIZE");
  OK(trace(PTRACE_INTERRUPT, child, 0, 0) == 0 && stops(child, SIGTRAP, PTRACE_EVENT_STOP),
     "PTRACE_INTERRUPT");
  trace(PTRACE_CONT, child, 0, 0);
  kill(child, SIGSTOP);
  OK(stops(child, SIGSTOP, 0), "SIGSTOP is told");
  trace(PTRACE_CONT, child, 0, SIGSTOP);
  OK(stops(child, SIGSTOP, PTRACE_EVENT_STOP), "and then the stop of the group");
  OK(trace(PTRACE_LISTEN, child, 0, 0) == 0, "PTRACE_LISTEN");
  FAILS(trace(PTRACE_CONT, child, 0, 0), ESRCH, "a task that listens cannot be resumed");
  kill(child, SIGCONT);
  OK(stops(child, SIGTRAP, PTRACE_EVENT_STOP), "SIGCONT is heard");
  trace(PTRACE_CONT, child, 0, 0);
  OK(stops(child, SIGCONT, 0), "and told as a signal");
  OK(trace(PTRACE_DETACH, child, 0, 0) == 0 && state(child, &tracer) != 't' && tracer == 0,
     "let go");
  kill(child, SIGKILL);
  OK(next(child) == SIGKILL, "killed");
}

static void attach(void) {
  int pipes[2], middle[2];
  pipe(pipes);
  pipe(middle);
  pid_t helper = fork();
  if (helper == 0) { /* a tracer that is not the parent: the end is told to both */
    pid_t target;
    read(pipes[0], &target, sizeof target);
    bool good = trace(PTRACE_ATTACH, target, 0, 0) == 0 && stops(target, SIGSTOP, 0);
    good &= trace(PTRACE_CONT, target, 0, 0) == 0;
    kill(target, SIGTERM);
    good &= stops(target, SIGTERM, 0) && trace(PTRACE_CONT, target, 0, SIGTERM) == 0;
    good &= next(target) == SIGTERM;
    write(middle[1], "x", 1);
    _exit(good ? 1 : 0);
  }
  pid_t child = fork();
  if (child == 0) {
    seize_work();
  }
  write(pipes[1], &child, sizeof child);
  char byte;
  read(middle[0], &byte, 1);
  OK(next(child) == SIGTERM, "the parent hears of the end after the tracer");
  OK(next(helper) == 1 << 8, "the tracer heard of it first");
  FAILS(trace(PTRACE_ATTACH, getpid(), 0, 0), EPERM, "nobody traces himself");
  FAILS(trace(PTRACE_ATTACH, 999999999, 0, 0), ESRCH, "nobody there");
}

int main(int count, char **arguments) {
  if (count > 1) {
    return 21;
  }
  self = arguments[0];
  begin();
  signals();
  memory();
  calls();
  filters();
  steps();
  events();
  executes();
  seize();
  attach();
  return end();
}
