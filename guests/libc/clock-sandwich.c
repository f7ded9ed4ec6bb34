/* Does glibc's clock_gettime, which asks the vDSO, always lie between two system calls?
 * usage: clock-sandwich [CALLS [THREADS]] */
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

struct word_timespec {
  long sec, nsec;
};

static const struct {
  clockid_t id;
  const char *name;
} clocks[] = {
    {CLOCK_REALTIME, "CLOCK_REALTIME"},
    {CLOCK_MONOTONIC, "CLOCK_MONOTONIC"},
    {CLOCK_BOOTTIME, "CLOCK_BOOTTIME"},
    {CLOCK_MONOTONIC_RAW, "CLOCK_MONOTONIC_RAW"},
    {CLOCK_REALTIME_COARSE, "CLOCK_REALTIME_COARSE"},
    {CLOCK_MONOTONIC_COARSE, "CLOCK_MONOTONIC_COARSE"},
};
enum { CLOCKS = sizeof clocks / sizeof clocks[0] };

struct work {
  pthread_t thread;
  long rounds, outside[CLOCKS], backwards[CLOCKS];
};

static bool not_after(long sec, long nsec, long other_sec, long other_nsec) {
  return sec < other_sec || (sec == other_sec && nsec <= other_nsec);
}

static void *measure(void *argument) {
  struct work *work = argument;
  for (int c = 0; c < CLOCKS; c++) {
    struct word_timespec before, after;
    struct timespec between, last = {0, 0};
    for (long i = 0; i < work->rounds; i++) {
      syscall(SYS_clock_gettime, clocks[c].id, &before);
      clock_gettime(clocks[c].id, &between);
      syscall(SYS_clock_gettime, clocks[c].id, &after);
      work->outside[c] += !not_after(before.sec, before.nsec, between.tv_sec, between.tv_nsec) ||
                          !not_after(between.tv_sec, between.tv_nsec, after.sec, after.nsec);
      work->backwards[c] += !not_after(last.tv_sec, last.tv_nsec, between.tv_sec, between.tv_nsec);
      last = between;
    }
  }
  return NULL;
}

int main(int argc, char **argv) {
  begin();
  long calls = argc > 1 ? atol(argv[1]) : 1000000;
  int threads = argc > 2 ? atoi(argv[2]) : 4;
  if (calls < 1 || threads < 1 || threads > 64) {
    fprintf(stderr, "usage: clock-sandwich [CALLS [THREADS]]\n");
    return 2;
  }
  struct work work[64] = {0};
  for (int i = 0; i < threads; i++) {
    work[i].rounds = calls / threads / CLOCKS + 1;
    pthread_create(&work[i].thread, NULL, measure, &work[i]);
  }
  for (int i = 0; i < threads; i++) {
    pthread_join(work[i].thread, NULL);
  }
  for (int c = 0; c < CLOCKS; c++) {
    long rounds = 0, outside = 0, backwards = 0;
    for (int i = 0; i < threads; i++) {
      rounds += work[i].rounds;
      outside += work[i].outside[c];
      backwards += work[i].backwards[c];
    }
    char claim[128];
    snprintf(claim, sizeof claim, "%s: %ld of %ld in %d threads between two system calls",
             clocks[c].name, rounds - outside, rounds, threads);
    OK(outside == 0, claim);
    snprintf(claim, sizeof claim, "%s: never backwards in a thread", clocks[c].name);
    OK(backwards == 0, claim);
  }
  struct timeval a, b;
  struct timespec t;
  gettimeofday(&a, NULL);
  clock_gettime(CLOCK_REALTIME, &t);
  gettimeofday(&b, NULL);
  OK(not_after(a.tv_sec, a.tv_usec, t.tv_sec, t.tv_nsec / 1000) &&
         not_after(t.tv_sec, t.tv_nsec / 1000, b.tv_sec, b.tv_usec),
     "gettimeofday and clock_gettime agree");
  FAILS(clock_gettime(99, &t), EINVAL, "an unknown clock is EINVAL");
  return end();
}
