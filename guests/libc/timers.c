/* Do sleeps and timers never end early, and do they count and cancel as they should? Nothing here
 * says how late they may be. */
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/times.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

#define MILLISECONDS(n) ((n) * 1000000LL)

static volatile sig_atomic_t runs;
static siginfo_t last;
static sem_t thread_ran;

static void note(int number, siginfo_t *info, void *context) {
  (void)number, (void)context;
  runs++;
  last = *info;
}

static long long now(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static struct timespec as_timespec(long long ns) {
  return (struct timespec){.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
}

struct sleeping {
  volatile int result, error;
  struct timespec rest;
  volatile bool done;
};

static void *sleeps_long(void *argument) {
  struct sleeping *sleeping = argument;
  struct timespec long_time = {1000, 0};
  sleeping->result = nanosleep(&long_time, &sleeping->rest);
  sleeping->error = errno;
  __atomic_store_n(&sleeping->done, true, __ATOMIC_RELEASE);
  return NULL;
}

static void sleeping(void) {
  struct timespec t = as_timespec(MILLISECONDS(20));
  long long start = now(CLOCK_MONOTONIC);
  OK(nanosleep(&t, NULL) == 0 && now(CLOCK_MONOTONIC) - start >= MILLISECONDS(20),
     "nanosleep does not end early");
  long long until = now(CLOCK_REALTIME) + MILLISECONDS(20);
  t = as_timespec(until);
  OK(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &t, NULL) == 0 && now(CLOCK_REALTIME) >= until,
     "clock_nanosleep to a moment");
  t.tv_nsec = 1000000000;
  FAILS(nanosleep(&t, NULL), EINVAL, "a whole second of nanoseconds is EINVAL");
  struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO};
  sigaction(SIGUSR1, &action, NULL);
  struct sleeping sleeper = {.result = 0};
  pthread_t thread;
  pthread_create(&thread, NULL, sleeps_long, &sleeper);
  while (!__atomic_load_n(&sleeper.done, __ATOMIC_ACQUIRE)) {
    pthread_kill(thread, SIGUSR1);
    usleep(1000);
  }
  pthread_join(thread, NULL);
  OK(sleeper.result == -1 && sleeper.error == EINTR && sleeper.rest.tv_sec <= 1000 &&
         sleeper.rest.tv_sec > 0,
     "an interrupted nanosleep says what is left");
}

static void descriptors(void) {
  int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
  struct itimerspec setting = {.it_value = as_timespec(MILLISECONDS(10))}, old;
  uint64_t count = 0;
  long long start = now(CLOCK_MONOTONIC);
  OK(fd >= 0 && timerfd_settime(fd, 0, &setting, NULL) == 0 && read(fd, &count, 8) == 8 &&
         count == 1 && now(CLOCK_MONOTONIC) - start >= MILLISECONDS(10),
     "a timerfd expires once, not early");
  setting.it_interval = as_timespec(MILLISECONDS(2));
  setting.it_value = as_timespec(MILLISECONDS(2));
  start = now(CLOCK_MONOTONIC);
  timerfd_settime(fd, 0, &setting, NULL);
  uint64_t sum = 0;
  while (sum < 10 && read(fd, &count, 8) == 8) {
    sum += count;
  }
  long long elapsed = now(CLOCK_MONOTONIC) - start;
  OK(sum >= 10 && elapsed >= (long long)sum * MILLISECONDS(2), "a periodic timerfd counts periods");
  setting = (struct itimerspec){.it_value = as_timespec(MILLISECONDS(500000))};
  timerfd_settime(fd, 0, &setting, &old);
  OK(old.it_interval.tv_nsec == MILLISECONDS(2), "the old setting is given back");
  OK(timerfd_gettime(fd, &old) == 0 && old.it_value.tv_sec > 0 && old.it_value.tv_sec <= 500,
     "timerfd_gettime says what is left");
  setting = (struct itimerspec){.it_value = as_timespec(1)};
  OK(timerfd_settime(fd, TFD_TIMER_ABSTIME, &setting, NULL) == 0 && read(fd, &count, 8) == 8 &&
         count == 1,
     "a moment in the past expires at once");
  close(fd);
  fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK);
  FAILS(read(fd, &count, 8), EAGAIN, "a timerfd that is not set is EAGAIN");
  FAILS(read(fd, &count, 4), EINVAL, "a short read is EINVAL");
  close(fd);
  FAILS(timerfd_create(77, 0), EINVAL, "an unknown clock is EINVAL");
}

static void in_thread(union sigval value) {
  if (value.sival_int == 99) {
    sem_post(&thread_ran);
  }
}

static void posix_timers(void) {
  struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO};
  sigaction(SIGRTMIN, &action, NULL);
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL,
                           .sigev_signo = SIGRTMIN,
                           .sigev_value.sival_int = 55};
  timer_t timer;
  OK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0, "timer_create");
  struct itimerspec setting = {.it_value = as_timespec(MILLISECONDS(5)),
                               .it_interval = as_timespec(MILLISECONDS(5))};
  runs = 0;
  timer_settime(timer, 0, &setting, NULL);
  while (runs < 3) {
    pause();
  }
  OK(last.si_code == SI_TIMER && last.si_value.sival_int == 55, "a timer's signal has its value");
  OK(timer_getoverrun(timer) >= 0, "timer_getoverrun");
  setting = (struct itimerspec){0};
  timer_settime(timer, 0, &setting, NULL);
  OK(timer_gettime(timer, &setting) == 0 && setting.it_value.tv_sec == 0 &&
         setting.it_value.tv_nsec == 0,
     "a stopped timer has nothing left");
  OK(timer_delete(timer) == 0, "timer_delete");
  sem_init(&thread_ran, 0, 0);
  event = (struct sigevent){.sigev_notify = SIGEV_THREAD,
                            .sigev_notify_function = in_thread,
                            .sigev_value.sival_int = 99};
  timer_create(CLOCK_REALTIME, &event, &timer);
  setting = (struct itimerspec){.it_value = as_timespec(MILLISECONDS(2))};
  timer_settime(timer, 0, &setting, NULL);
  while (sem_wait(&thread_ran) != 0) {
  }
  OK(true, "a timer runs a function in a thread");
  timer_delete(timer);
}

static void interval_timers(void) {
  struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO};
  static const struct {
    int which, number;
    const char *claim;
  } kinds[] = {
      {ITIMER_REAL, SIGALRM, "ITIMER_REAL sends SIGALRM"},
      {ITIMER_VIRTUAL, SIGVTALRM, "ITIMER_VIRTUAL sends SIGVTALRM while computing"},
      {ITIMER_PROF, SIGPROF, "ITIMER_PROF sends SIGPROF while computing"},
  };
  for (int i = 0; i < 3; i++) {
    sigaction(kinds[i].number, &action, NULL);
    struct itimerval setting = {.it_value.tv_usec = 5000, .it_interval.tv_usec = 5000}, old;
    runs = 0;
    setitimer(kinds[i].which, &setting, NULL);
    volatile unsigned spin = 0;
    while (runs < 2) {
      spin++;
    }
    setting = (struct itimerval){0};
    setitimer(kinds[i].which, &setting, &old);
    OK(last.si_signo == kinds[i].number && old.it_interval.tv_usec == 5000, kinds[i].claim);
  }
  alarm(1000);
  unsigned left = alarm(0);
  OK(left > 0 && left <= 1000, "alarm gives back what was left");
  OK(alarm(0) == 0, "and then nothing");
}

static void accounting(void) {
  struct rusage before, after;
  long long process = now(CLOCK_PROCESS_CPUTIME_ID), thread = now(CLOCK_THREAD_CPUTIME_ID);
  getrusage(RUSAGE_SELF, &before);
  volatile unsigned spin = 0;
  while (now(CLOCK_PROCESS_CPUTIME_ID) - process < MILLISECONDS(20)) {
    spin++;
  }
  getrusage(RUSAGE_SELF, &after);
  OK(now(CLOCK_THREAD_CPUTIME_ID) > thread, "computing takes a thread's time");
  OK(after.ru_utime.tv_sec * 1000000LL + after.ru_utime.tv_usec + after.ru_stime.tv_sec * 1000000LL +
             after.ru_stime.tv_usec >=
         before.ru_utime.tv_sec * 1000000LL + before.ru_utime.tv_usec +
             before.ru_stime.tv_sec * 1000000LL + before.ru_stime.tv_usec,
     "getrusage does not go backwards");
  struct tms used;
  OK(times(&used) != (clock_t)-1 && sysconf(_SC_CLK_TCK) == 100, "times, in hundredths of a second");
}

int main(void) {
  begin();
  sleeping();
  descriptors();
  posix_timers();
  interval_timers();
  accounting();
  return end();
}
