/* Are restartable sequences registered, told of CPUs, aborted and refused as rseq(2) says, and what
   does membarrier(2) know? */
#include <fcntl.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>

#include "check.h"
#include "rseq.h"

enum { PATIENCE = 120 }; /* seconds for what other programs of the host may delay */

static __thread struct area mine;
static long counter;
static int cpus;
static bool flexible, clears;

SEQUENCE(calling);
SEQUENCE(spinning);

/* A sequence with a system call in it. Returns whether it was aborted. */
static ONCE int calling(struct sequence *sequence, long number, long first, long second) {
  int aborted;
#ifdef __powerpc__
  register long r0 __asm__("r0") = number;
  register long r3 __asm__("r3") = first;
  register long r4 __asm__("r4") = second;
  __asm__ volatile(SEQUENCE_CODE(calling, "sc\n" LOAD " 5,0(%[counter])\naddi 5,5,1\n",
                                 STORE " 5,0(%[counter])\n")
                   : [aborted] "=&r"(aborted), "+r"(r0), "+r"(r3), "+r"(r4)
                   : [area] "b"(&mine), [sequence] "r"(sequence), [counter] "b"(&counter)
                   : "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "cr0", "ctr", "memory");
#else
  __asm__ volatile(SEQUENCE_CODE(calling, "syscall\n", "incq %[counter]\n")
                   : [aborted] "=&r"(aborted), "+a"(number), [counter] "+m"(counter)
                   : [area] "r"(&mine), [sequence] "r"(sequence), "D"(first), "S"(second)
                   : "rcx", "r11", "cc", "memory");
#endif
  return aborted;
}

/* A sequence that takes its time. */
static ONCE int spinning(struct sequence *sequence, unsigned long spins) {
  int aborted;
#ifdef __powerpc__
  __asm__ volatile(
      SEQUENCE_CODE(spinning, "mtctr %[spins]\n1: bdnz 1b\n" LOAD " 5,0(%[counter])\naddi 5,5,1\n",
                    STORE " 5,0(%[counter])\n")
      : [aborted] "=&r"(aborted)
      : [area] "b"(&mine), [sequence] "r"(sequence), [counter] "b"(&counter), [spins] "r"(spins)
      : "r5", "ctr", "memory");
#else
  __asm__ volatile(SEQUENCE_CODE(spinning, "1: decq %[spins]\njnz 1b\n", "incq %[counter]\n")
                   : [aborted] "=&r"(aborted), [spins] "+r"(spins), [counter] "+m"(counter)
                   : [area] "r"(&mine), [sequence] "r"(sequence)
                   : "cc", "memory");
#endif
  return aborted;
}

static struct sequence calls, spins;

static bool since(int major, int minor) {
  struct utsname name;
  int has_major = 0, has_minor = 0;
  uname(&name);
  sscanf(name.release, "%d.%d", &has_major, &has_minor);
  return has_major > major || (has_major == major && has_minor >= minor);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static bool pin(pthread_t thread, int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  return pthread_setaffinity_np(thread, sizeof set, &set) == 0;
}

static unsigned current(void) {
  unsigned cpu = 99;
  syscall(SYS_getcpu, &cpu, NULL, NULL);
  return cpu;
}

#define REGISTER() rseq(&mine, 32, 0, SIGNATURE)
#define FORGET() rseq(&mine, 32, UNREGISTER, SIGNATURE)

static void registration(void) {
  char *area = (char *)&mine;
  FAILS(rseq(area, 32, 3, SIGNATURE), EINVAL, "unregister and another flag: EINVAL");
  FAILS(FORGET(), EINVAL, "unregister what is not registered: EINVAL");
  FAILS(rseq(NULL, 32, UNREGISTER, SIGNATURE), EINVAL, "unregister nothing: EINVAL");
  FAILS(rseq(area, 32, 4, SIGNATURE), EINVAL, "flag 4: EINVAL");
  FAILS(rseq(area, 32, -1, SIGNATURE), EINVAL, "all flags: EINVAL");
  FAILS(rseq(area, 31, 0, SIGNATURE), EINVAL, "length 31: EINVAL");
  FAILS(rseq(area, 20, 0, SIGNATURE), EINVAL, "length 20: EINVAL");
  FAILS(rseq(area, 0, 0, SIGNATURE), EINVAL, "length 0: EINVAL");
  FAILS(rseq(NULL, 0, 0, SIGNATURE), EINVAL, "the probe (NULL, 0): EINVAL");
  FAILS(rseq(area + 4, 32, 0, SIGNATURE), EINVAL, "aligned to 4: EINVAL");
  FAILS(rseq(area + 16, 32, 0, SIGNATURE), EINVAL, "aligned to 16: EINVAL");
  FAILS(rseq((void *)-32L, 32, 0, SIGNATURE), EFAULT, "a kernel's address: EFAULT");
  if (clears) {
    FAILS(rseq(NULL, 32, 0, SIGNATURE), EFAULT, "(NULL, 32): EFAULT");
  }
  mine.cpu_id = mine.cpu_id_start = mine.node_id = mine.mm_cid = 77;
  mine.rest[0] = 78;
  pin(pthread_self(), 0);
  OK(REGISTER() == 0, "register");
  OK(mine.cpu_id == 0 && mine.cpu_id_start == 0 && current() == 0, "the CPU is told at once");
  OK(mine.rest[0] == 78, "what the kernel does not know is left alone");
  if (flexible) {
    OK(mine.node_id == 0 && mine.mm_cid == 0, "so are node and memory's concurrency id");
  } else {
    OK(mine.node_id == 77 && mine.mm_cid == 77, "later fields are not known");
  }
  FAILS(REGISTER(), EBUSY, "again: EBUSY");
  FAILS(rseq(area, 32, 0, 1), EPERM, "another signature: EPERM");
  FAILS(rseq(area, 64, 0, SIGNATURE), EINVAL, "another length: EINVAL");
  FAILS(rseq(area + 32, 32, 0, 1), EINVAL, "another area: EINVAL");
  FAILS(rseq(area, 64, UNREGISTER, SIGNATURE), EINVAL, "unregister another length: EINVAL");
  FAILS(rseq(area, 32, UNREGISTER, 1), EPERM, "unregister another signature: EPERM");
  mine.sequence = at(&calls);
  OK(FORGET() == 0, "unregister");
  OK(mine.cpu_id == (uint32_t)-1 && mine.cpu_id_start == 0, "which takes the CPU back");
  OK(mine.sequence == at(&calls), "and leaves the sequence");
  FAILS(FORGET(), EINVAL, "unregister twice: EINVAL");
  OK(REGISTER() == 0, "register with a sequence in the area");
  OK(!clears || mine.sequence == 0, "which is cleared");
  OK(FORGET() == 0, "unregister once more");
  mine.sequence = 0;
  static struct area wide[2];
  bool taken = rseq(&wide, 64, 0, SIGNATURE) == 0;
  OK(taken == flexible, "length 64 from 6.3 on only");
  if (taken) {
    OK(rseq(&wide, 64, UNREGISTER, SIGNATURE) == 0, "unregister 64");
    FAILS(rseq((char *)&wide + 16, 64, 0, SIGNATURE), EINVAL, "64 aligned to 16: EINVAL");
  }
}

static volatile sig_atomic_t handled, aborted_first, cleared;

static void see(int signal, siginfo_t *info, void *context) {
  (void)signal;
  (void)info;
  ucontext_t *user = context;
#if defined __powerpc64__
  uint64_t pc = user->uc_mcontext.gp_regs[32];
#elif defined __powerpc__
  uint64_t pc = user->uc_mcontext.uc_regs->gregs[32];
#else
  uint64_t pc = (uint64_t)user->uc_mcontext.gregs[REG_RIP];
#endif
  aborted_first += pc == at(calling_abort) || pc == at(spinning_abort);
  cleared += mine.sequence == 0;
  handled++;
}

static void on(int signal, int flags) {
  struct sigaction action = {.sa_sigaction = see, .sa_flags = SA_SIGINFO | flags};
  sigaction(signal, &action, NULL);
}

static void aborts(void) {
  REGISTER();
  on(SIGUSR1, 0);
  int committed = 0;
  for (int i = 0; i < 1000; i++) {
    mine.sequence = 0;
    committed += calling(&calls, SYS_getpid, 0, 0) == 0;
  }
  OK(committed >= 900 && counter == committed, "system calls do not end a sequence");
  counter = 0;
  int signalled = 0;
  for (int i = 0; i < 10 && handled == 0; i++) { /* preempted before the call it does not get to it */
    signalled = calling(&calls, SYS_kill, getpid(), SIGUSR1);
  }
  OK(signalled == 1, "a signal aborts");
  OK(handled == 1 && aborted_first == 1, "before the handler, which returns to the abort handler");
  OK(cleared == 1 && mine.sequence == 0, "the handler finds no sequence");
  OK(counter == 0, "nothing is committed");
  mine.sequence = at(&calls);
  kill(getpid(), SIGUSR1);
  OK(handled == 2 && cleared == 2 && aborted_first == 1, "outside it is only cleared");
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigprocmask(SIG_BLOCK, &set, NULL);
  int aborted = 0;
  for (int i = 0; i < 10 && !(aborted = calling(&calls, SYS_kill, getpid(), SIGUSR1) == 0); i++) {
  }
  OK(aborted, "a blocked signal does not abort");
  sigprocmask(SIG_UNBLOCK, &set, NULL);
  pin(pthread_self(), 0);
  mine.cpu_id = 55;
  kill(getpid(), SIGUSR1);
  OK(mine.cpu_id == 0, "a signal tells the CPU again");
  struct timespec pause = {0, 20000000};
  mine.cpu_id = mine.cpu_id_start = 55;
  nanosleep(&pause, NULL);
  OK(mine.cpu_id == 0 && mine.cpu_id_start == 0, "so does a sleep");
  OK(calling(&calls, SYS_nanosleep, (long)&pause, 0) == 1, "a sleep aborts");
  on(SIGALRM, SA_RESTART);
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
  struct itimerspec often = {{0, 3000000}, {0, 3000000}};
  timer_t timer;
  timer_create(CLOCK_MONOTONIC, &event, &timer);
  handled = aborted_first = cleared = 0;
  timer_settime(timer, 0, &often, NULL);
  double end = now() + PATIENCE;
  int times = 0;
  while (aborted_first < 3 && now() < end) {
    times += spinning(&spins, 3000000);
  }
  timer_delete(timer);
  OK(aborted_first >= 3 && times > 0, "a timer's signal aborts a loop");
  OK(cleared == handled, "and all handlers found no sequence");
  FORGET();
}

/* How a child ends whose sequence is `wrong` when a signal arrives. */
static int fate(struct sequence *wrong, uint32_t flags, bool inside) {
  int status = 0;
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    mine.flags = flags;
    if (inside) {
      calling(wrong, SYS_kill, getpid(), SIGUSR1);
    } else {
      mine.sequence = at(wrong);
      kill(getpid(), SIGUSR1);
    }
    syscall(SYS_exit_group, 0);
  }
  waitpid(child, &status, 0);
  return status;
}

#define DIES(status) (WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV)
#define SPOILT(change) ({ struct sequence wrong = calls; wrong.change; \
    int in = fate(&wrong, 0, true), out = fate(&wrong, 0, false); DIES(in) && DIES(out); })

static void fatal(void) {
  REGISTER();
  on(SIGUSR1, 0);
  OK(fate(&calls, 0, true) == 0 && fate(&calls, 0, false) == 0, "a sound sequence is survived");
  OK(SPOILT(version = 1), "version 1 is fatal");
  OK(SPOILT(abort = calls.start), "an abort handler within is fatal");
  OK(SPOILT(abort = calls.abort + 4), "a wrong signature is fatal");
  OK(SPOILT(abort = 2), "an abort handler without room for the signature is fatal");
  OK(SPOILT(abort = UINT64_MAX), "an abort handler in the kernel is fatal");
  OK(SPOILT(length = UINT64_MAX), "a length that wraps is fatal");
  OK(DIES(fate((void *)-64L, 0, false)), "a descriptor in the kernel is fatal");
  void *gone = mmap(NULL, 65536, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  OK(DIES(fate(gone, 0, false)), "an unreadable descriptor is fatal");
  struct sequence elsewhere = calls;
  elsewhere.start = UINT64_MAX - 100;
  elsewhere.length = 4;
  OK(DIES(fate(&elsewhere, 0, false)), "a sequence in the kernel is fatal");
  struct sequence *crooked = (void *)((char *)gone + 4);
  mprotect(gone, 65536, PROT_READ | PROT_WRITE);
  memcpy(crooked, &calls, sizeof calls);
  OK(fate(crooked, 0, true) == 0, "a descriptor need not be aligned");
  struct sequence flagged = calls;
  flagged.flags = 8;
  OK(since(6, 0) ? DIES(fate(&flagged, 0, true)) : true, "from 6.0 on flag 8 is fatal");
  flagged.flags = 1;
  OK(DIES(fate(&flagged, 0, true)) == since(6, 0), "so is flag 1");
  OK(fate(&flagged, 0, false) == 0, "but not outside");
  flagged.flags = 2;
  OK(DIES(fate(&flagged, 0, true)), "surviving signals alone is fatal");
  OK(DIES(fate(&calls, 2, true)), "also as the area's flag");
  OK(DIES(fate(&calls, 7, true)) == since(6, 0), "all three flags are fatal from 6.0 on");
  if (!since(6, 0)) {
    flagged.flags = 7;
    OK(calling(&flagged, SYS_kill, getpid(), SIGUSR1) == 0, "until then they let it survive");
  }
  FORGET();
  fflush(stdout);
  int status;
  pid_t child = fork();
  if (child == 0) {
    struct area *read_only = mmap(NULL, 65536, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    rseq(read_only, 32, 0, SIGNATURE);
    _exit(3);
  }
  waitpid(child, &status, 0);
  OK(DIES(status), "an area that cannot be written is fatal");
}

static char stack[1 << 16] __attribute__((aligned(64)));

static int child_of_clone(void *kind) {
  static struct area other;
  long result = rseq(&other, 32, 0, SIGNATURE);
  int error = errno;
  if (result == 0) rseq(&other, 32, UNREGISTER, SIGNATURE);
  (void)kind;
  syscall(SYS_exit, result == 0 ? 1 : error == EINVAL ? 2 : 3);
  return 0;
}

static void *thread_registers(void *unused) {
  (void)unused;
  long held = REGISTER();
  return (void *)(held == 0 && FORGET() == 0 ? 1L : 0L);
}

static void inheritance(const char *self) {
  int status;
  REGISTER();
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    long result = REGISTER();
    _exit(result == -1 && errno == EBUSY && mine.cpu_id == 0 ? 1 : 2);
  }
  waitpid(child, &status, 0);
  OK(WEXITSTATUS(status) == 1, "fork copies the registration");
  child = clone(child_of_clone, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);
  waitpid(child, &status, 0);
  OK(WEXITSTATUS(status) == (since(5, 5) ? 1 : 2), "vfork does not, from 5.4 or 5.5 on");
  void *held = NULL;
  pthread_t thread;
  pthread_create(&thread, NULL, thread_registers, NULL);
  pthread_join(thread, &held);
  OK(held != NULL, "a thread begins without");
  FAILS(REGISTER(), EBUSY, "this one keeps its own");
  child = fork();
  if (child == 0) {
    execl(self, self, "after-exec", NULL);
    _exit(9);
  }
  waitpid(child, &status, 0);
  OK(WEXITSTATUS(status) == 1, "exec ends it: the C library registers anew");
  int file = open("not-a-program", O_CREAT | O_WRONLY | O_TRUNC, 0755);
  write(file, "\1\2", 2);
  close(file);
  char *none[] = {"x", NULL};
  mine.cpu_id = 55;
  FAILS(syscall(SYS_execve, "./not-a-program", none, none), ENOEXEC, "exec fails");
  OK(mine.cpu_id == current(), "which tells the CPU again");
  unlink("not-a-program");
  FORGET();
}

static void traced(void) {
  struct {
    uint64_t pointer;
    uint32_t size, signature, flags, padding;
  } is;
  int status;
  if (!since(5, 13)) {
    return;
  }
  fflush(stdout);
  for (int registered = 0; registered < 2; registered++) {
    pid_t child = fork();
    if (child == 0) {
      if (registered) REGISTER();
      ptrace(PTRACE_TRACEME, 0, NULL, NULL);
      raise(SIGSTOP);
      _exit(0);
    }
    waitpid(child, &status, 0);
    memset(&is, 0x55, sizeof is);
    long size = ptrace(PTRACE_GET_RSEQ_CONFIGURATION, child, (void *)64L, &is);
    if (registered) {
      OK(size == 24 && is.pointer == at(&mine) && is.size == 32 && is.signature == SIGNATURE
             && is.flags == 0 && is.padding == 0, "ptrace tells what is registered");
    } else {
      OK(size == 24 && is.pointer == 0 && is.size == 0 && is.signature == 0, "or that nothing is");
    }
    memset(&is, 0x55, sizeof is);
    size = ptrace(PTRACE_GET_RSEQ_CONFIGURATION, child, (void *)8L, &is);
    OK(size == 24 && is.size == 0x55555555u, "and fills no more than there is room");
    ptrace(PTRACE_CONT, child, NULL, NULL);
    waitpid(child, &status, 0);
  }
}

static atomic_int stop, aborted_elsewhere, ready;
static atomic_uint seen_cpu;

static void *spins_until_stopped(void *where) {
  pin(pthread_self(), (int)(intptr_t)where);
  REGISTER();
  atomic_store(&ready, 1);
  while (!atomic_load(&stop)) {
    aborted_elsewhere += spinning(&spins, 2000000);
    atomic_store(&seen_cpu, mine.cpu_id);
  }
  FORGET();
  return NULL;
}

/* What /proc says of this thread's affinity. */
static bool allowed_is(const char *list) {
  char line[200], wanted[100];
  bool found = false;
  snprintf(wanted, sizeof wanted, "Cpus_allowed_list:\t%s\n", list);
  FILE *status = fopen("/proc/thread-self/status", "r");
  while (status != NULL && fgets(line, sizeof line, status) != NULL) {
    found |= strcmp(line, wanted) == 0;
  }
  if (status != NULL) fclose(status);
  return found;
}

static pthread_t spinner(int cpu) {
  pthread_t thread;
  atomic_store(&stop, 0);
  atomic_store(&aborted_elsewhere, 0);
  atomic_store(&ready, 0);
  pthread_create(&thread, NULL, spins_until_stopped, (void *)(intptr_t)cpu);
  while (!atomic_load(&ready)) sched_yield();
  return thread;
}

static void join(pthread_t thread) {
  atomic_store(&stop, 1);
  pthread_join(thread, NULL);
}

static void preemption(void) {
  pin(pthread_self(), 0);
  REGISTER();
  pthread_t other = spinner(0);
  int here = 0;
  double end = now() + PATIENCE;
  while ((here < 3 || atomic_load(&aborted_elsewhere) < 3) && now() < end) {
    here += spinning(&spins, 2000000);
  }
  OK(here >= 3 && atomic_load(&aborted_elsewhere) >= 3, "two threads on a CPU abort each other");
  OK(allowed_is("0"), "/proc knows the affinity");
  if (cpus > 1) {
    OK(pin(other, 1), "the other thread is moved");
    end = now() + PATIENCE;
    while (atomic_load(&seen_cpu) != 1 && now() < end) sched_yield();
    OK(atomic_load(&seen_cpu) == 1, "and told so");
  }
  join(other);
  FORGET();
}

static atomic_long progress[3];

static void *progresses(void *which) {
  pin(pthread_self(), 0);
  REGISTER();
  while (!atomic_load(&stop)) {
    spinning(&spins, 100000);
    progress[(intptr_t)which]++;
  }
  FORGET();
  return NULL;
}

static void fairness(void) {
  pthread_t thread[3];
  atomic_store(&stop, 0);
  for (intptr_t i = 0; i < 3; i++) pthread_create(&thread[i], NULL, progresses, (void *)i);
  double end = now() + PATIENCE;
  long least = 0;
  while (least < 50 && now() < end) {
    struct timespec pause = {0, 5000000};
    nanosleep(&pause, NULL);
    least = progress[0];
    for (int i = 1; i < 3; i++) least = progress[i] < least ? progress[i] : least;
  }
  OK(least >= 50, "each of three threads on a CPU gets on");
  atomic_store(&stop, 1);
  for (int i = 0; i < 3; i++) pthread_join(thread[i], NULL);
}

#define BARRIER(command, flags, cpu) syscall(SYS_membarrier, command, flags, cpu)

static void barriers(void) {
  long known = BARRIER(MEMBARRIER_CMD_QUERY, 0, 0);
  long expected = 1;
  if (since(4, 14)) expected |= 8 | 16;
  if (since(4, 16)) expected |= 2 | 4;
  if (since(5, 9)) expected |= 32 | 64;
  if (since(5, 10)) expected |= 128 | 256;
  if (since(6, 3)) expected |= 512;
  OK(known == expected, "membarrier knows the commands of its time");
  FAILS(BARRIER(MEMBARRIER_CMD_QUERY, 1, 0), EINVAL, "a flag for a query: EINVAL");
  FAILS(BARRIER(1 << 12, 0, 0), EINVAL, "an unknown command: EINVAL");
  FAILS(BARRIER(3, 0, 0), EINVAL, "two commands: EINVAL");
  OK(BARRIER(MEMBARRIER_CMD_GLOBAL, 0, 0) == 0, "global barrier");
  FAILS(BARRIER(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0), EPERM, "private, not registered: EPERM");
  OK(BARRIER(MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0, 0) == 0, "global expedited needs no registration");
  OK(BARRIER(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0, "register private");
  OK(BARRIER(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0, "private barrier");
  if (!since(5, 10)) {
    FAILS(BARRIER(128, 0, 0), EINVAL, "nothing for sequences before 5.10");
    return;
  }
  FAILS(BARRIER(32, 0, 0), EPERM, "for code, not registered: EPERM");
  OK(BARRIER(64, 0, 0) == 0 && BARRIER(32, 0, 0) == 0, "for code, registered");
  FAILS(BARRIER(128, 0, 0), EPERM, "for sequences, not registered: EPERM");
  OK(BARRIER(256, 0, 0) == 0 && BARRIER(128, 0, 0) == 0, "for sequences, registered");
  FAILS(BARRIER(128, 2, 0), EINVAL, "an unknown flag: EINVAL");
  OK(BARRIER(128, 1, 5000) == 0, "a CPU that is not there");
  if (since(6, 3)) {
    OK(BARRIER(512, 0, 0) == (16 | 64 | 256), "what is registered");
    int status;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) _exit(BARRIER(512, 0, 0) == (16 | 64 | 256));
    waitpid(child, &status, 0);
    OK(WEXITSTATUS(status) == 1, "fork copies that");
  }
  if (cpus == 1) {
    skip("a barrier aborts", "one CPU");
    return;
  }
  pin(pthread_self(), 0);
  for (int named = 0; named < 2; named++) {
    pthread_t other = spinner(1);
    double end = now() + PATIENCE;
    while (atomic_load(&aborted_elsewhere) < 3 && now() < end) {
      BARRIER(128, named, 1);
    }
    OK(atomic_load(&aborted_elsewhere) >= 3, "a barrier aborts a sequence on another CPU");
    join(other);
  }
}

int main(int count, char **arguments) {
  begin();
  if (count > 1 && strcmp(arguments[1], "after-exec") == 0) {
    return __rseq_size != 0 && take_over() == 0 ? 1 : 2;
  }
  calls = (struct sequence)DESCRIBE(calling);
  spins = (struct sequence)DESCRIBE(spinning);
  cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
  flexible = getauxval(27) != 0;
  clears = since(6, 16);
  OK(flexible == since(6, 3) && (!flexible || getauxval(28) == 32), "sizes in the auxiliary vector");
  OK(take_over() == 0, "the C library's area can be unregistered");
  registration();
  aborts();
  fatal();
  inheritance(arguments[0]);
  traced();
  preemption();
  fairness();
  barriers();
  return end();
}
