/* Does a program that is frozen at any moment, and goes on elsewhere, notice anything but the time of
 * day? It runs until there is a file called as its argument says, or for a while without one. */
#include "guest.h"

#if defined __powerpc__
#define NAME(function) "__kernel_" function
#else
#define NAME(function) "__vdso_" function
#endif

enum { MONOTONIC = 1, USER1 = 10, ALARM = 14, BLOCK = 0, UNBLOCK = 1, CHILD = 17, ROUNDS = 200 };

struct interval {
  struct word_timeval period, value;
};

static const void *gettime, *getcpu; /* looked up once: they must stay good */
static volatile int alarms, users;
static volatile bool stopping;
static volatile const char *wrong;
static struct word_timespec wrong_times[2];
static long wrong_error;
static int watcher;
static char pointer[64] __attribute__((aligned(16))); /* of the thread, which has nothing there */
static char stack[16384] __attribute__((aligned(16)));
static struct word_timespec seen_by_main, seen_by_handler, seen_by_watcher;

static void advance(struct word_timespec *last, const char *complaint) {
  struct word_timespec now = {-1, -1};
  long error = gettime ? vdso_call(gettime, MONOTONIC, (long)&now, 0) : sys(clock_gettime, MONOTONIC, &now);
  bool back = now.sec < last->sec || (now.sec == last->sec && now.nsec < last->nsec);
  if ((error || back || now.nsec < 0 || now.nsec >= 1000000000L) && !wrong) {
    wrong = complaint;
    wrong_error = error;
    wrong_times[0] = *last;
    wrong_times[1] = now;
  }
  *last = now;
}

static void on_alarm(int number, void *info, void *context) {
  (void)number, (void)info, (void)context;
  advance(&seen_by_handler, "time in a handler");
  alarms++;
}

static void on_user(int number, void *info, void *context) {
  (void)number, (void)info, (void)context;
  users++;
}

static void watch(void *unused) {
  (void)unused;
  while (!stopping) {
    for (int i = 0; i < 50; i++) {
      advance(&seen_by_watcher, "time in a thread");
    }
    if (getcpu) {
      unsigned cpu = ~0u;
      long error = vdso_call(getcpu, (long)&cpu, 0, 0); /* old kernels have not even the call */
      if (error ? error != -ENOSYS : cpu > 8192) {
        wrong = "the processor";
      }
    }
  }
}

static void echo(int from, int to) {
  int number;
  while (sys(read, from, &number, sizeof number) == sizeof number) {
    number++;
    sys(write, to, &number, sizeof number);
  }
}

/* Reads on in a file and compares with what lies at the position that should be its own. */
static void check_file(int fd, unsigned long *position) {
  char here[16], there[16];
  long length = sys(read, fd, here, sizeof here);
  long at = sys(lseek, fd, 0, 1);
  if (length <= 0) {
    sys(lseek, fd, 0, 0);
    *position = 0;
    return;
  }
  sys(lseek, fd, *position, 0);
  expect(sys(read, fd, there, length) == length, "reads again");
  expect(memcmp(here, there, (size_t)length) == 0, "the file goes on where it was");
  *position += (unsigned long)length;
  expect(at == (long)*position, "the position");
}

static void set_timer(long microseconds) {
  struct interval timer = {{0, microseconds}, {0, microseconds}};
  expect(sys(setitimer, 0, &timer, NULL) == 0, "setitimer");
}

static void set_blocked(int how, int signal) {
  unsigned long set[8 / sizeof(long)] = {1ul << (signal - 1)};
  sys(rt_sigprocmask, how, set, NULL, sizeof set);
}

static bool done(const char *stop, int round) {
  return alarms == 0 ? false : stop ? (round & 7) == 0 && sys(access, stop, 0) == 0 : round >= ROUNDS;
}

int main(int argc, char **argv, char **envp) {
  (void)envp;
  const char *stop = argc > 1 ? argv[1] : NULL;
  struct vdso vdso = vdso_open();
  gettime = vdso_function(&vdso, NAME("clock_gettime"));
  getcpu = vdso_function(&vdso, NAME("getcpu"));
  int there[2], back[2];
  expect(sys(pipe, there) == 0 && sys(pipe, back) == 0, "pipes");
#ifdef __NR_fork
  long child = sys(fork);
#else
  long child = sys(clone, CHILD, 0, 0, 0, 0);
#endif
  if (child == 0) {
    sys(close, there[1]);
    sys(close, back[0]);
    echo(there[0], back[1]);
    sys(exit_group, 7);
  }
  sys(close, there[0]);
  sys(close, back[1]);
  int file = (int)sys(open, argv[0], 0, 0);
  expect(file >= 0, "opens its own program");
  on_signal(ALARM, on_alarm, 0);
  on_signal(USER1, on_user, 0);
  set_blocked(BLOCK, USER1);
  send_self(USER1);
  set_timer(3000);
  set_blocked(BLOCK, ALARM); /* the handler runs in one thread only */
  start_thread(watch, NULL, stack + sizeof stack, &watcher, (unsigned long)pointer);
  set_blocked(UNBLOCK, ALARM);
  double sum = 0;
  unsigned long position = 0;
  int round = 0;
  for (; !done(stop, round); round++) {
    for (int i = 0; i < 20; i++) {
      advance(&seen_by_main, "time");
    }
    sum += 0.5;
    int number = round, answer = -1;
    long length;
    do {
      length = sys(write, there[1], &number, sizeof number);
    } while (length == -EINTR);
    do {
      length = sys(read, back[0], &answer, sizeof answer);
    } while (length == -EINTR);
    if (answer != round + 1) {
      fail("the child says %d to %d", answer, round);
      break;
    }
    if ((round & 15) == 0) {
      struct word_timespec nap = {0, 2000000};
      long error = sys(nanosleep, &nap, NULL);
      expect(error == 0 || error == -EINTR, "nanosleep");
    }
    check_file(file, &position);
    expect(users == 0, "a blocked signal stays pending");
  }
  set_timer(0);
  stopping = true;
  while (*(volatile int *)&watcher) {
    sys(sched_yield);
  }
  expect(sum == round * 0.5, "a floating-point register");
  set_blocked(UNBLOCK, USER1);
  expect(users == 1, "the pending signal is delivered once");
  expect(alarms > 0, "the timer has expired");
  sys(close, there[1]);
  int status = -1;
  expect(sys(wait4, child, &status, 0, NULL) == child && status == 7 << 8, "the child ends");
  if (wrong) {
    fail("wrong: %s, result %ld, %ld.%ld after %ld.%ld", (const char *)wrong, wrong_error,
         wrong_times[1].sec, wrong_times[1].nsec, wrong_times[0].sec, wrong_times[0].nsec);
  }
  return finish();
}
