/* Do the vDSO's clocks agree with the system calls? Each vDSO reading has to lie between two
 * readings by system call, whatever time passes in between. */
#include "guest.h"

#if defined __powerpc__
#define NAME(function) "__kernel_" function
#else
#define NAME(function) "__vdso_" function
#endif

enum { ROUNDS = 1000 };

static const struct {
  int id;
  const char *name;
} clocks[] = {
    {0, "REALTIME"},        {1, "MONOTONIC"},        {2, "PROCESS_CPUTIME_ID"},
    {3, "THREAD_CPUTIME_ID"}, {4, "MONOTONIC_RAW"},  {5, "REALTIME_COARSE"},
    {6, "MONOTONIC_COARSE"}, {7, "BOOTTIME"},
};

static int compare(const struct word_timespec *a, const struct word_timespec *b) {
  if (a->sec != b->sec) {
    return a->sec < b->sec ? -1 : 1;
  }
  return a->nsec < b->nsec ? -1 : a->nsec > b->nsec;
}

static long call_gettime(const void *function, int id, struct word_timespec *time) {
  return function ? vdso_call(function, id, (long)time, 0) : sys(clock_gettime, id, time);
}

static void check_clock(const void *gettime, const void *getres, int id, const char *name) {
  struct word_timespec before, between, after, last = {0, 0};
  int inside = 0;
  for (int i = 0; i < ROUNDS; i++) {
    long a = sys(clock_gettime, id, &before);
    long b = call_gettime(gettime, id, &between);
    long c = sys(clock_gettime, id, &after);
    if (a || b || c) {
      if (a != b || b != c) {
        fail("%s: system call gives %ld, vDSO %ld", name, a, b);
      } else {
        say("%-18s not on this kernel (errno %ld)", name, -a);
      }
      return;
    }
    if (between.nsec < 0 || between.nsec >= 1000000000L) {
      fail("%s: %ld nanoseconds", name, between.nsec);
      return;
    }
    inside += compare(&before, &between) <= 0 && compare(&between, &after) <= 0;
    if (compare(&between, &last) < 0) {
      fail("%s: went backwards", name);
      return;
    }
    last = between;
  }
  struct word_timespec ours = {-1, -1}, theirs = {-2, -2};
  long resolution = sys(clock_getres, id, &theirs);
  long answer = getres ? vdso_call(getres, id, (long)&ours, 0) : sys(clock_getres, id, &ours);
  say("%-18s %d of %d between two system calls, resolution %ld ns", name, inside, (int)ROUNDS,
      ours.nsec);
  expect(inside == ROUNDS, name);
  if (resolution != answer || compare(&ours, &theirs) != 0) {
    fail("%s: resolution %ld ns, by system call %ld ns", name, ours.nsec, theirs.nsec);
  }
}

static void check_gettimeofday(const void *function) {
  struct word_timeval a, b, c;
  int inside = 0;
  for (int i = 0; i < ROUNDS; i++) {
    sys(gettimeofday, &a, NULL);
    long error = function ? vdso_call(function, (long)&b, 0, 0) : sys(gettimeofday, &b, NULL);
    sys(gettimeofday, &c, NULL);
    expect(error == 0, "gettimeofday succeeds");
    long early = (b.sec - a.sec) * 1000000 + b.usec - a.usec;
    long late = (c.sec - b.sec) * 1000000 + c.usec - b.usec;
    inside += early >= 0 && late >= 0;
  }
  say("%-18s %d of %d between two system calls", "gettimeofday", inside, (int)ROUNDS);
  expect(inside == ROUNDS, "gettimeofday");
  if (function) {
    int zone[2] = {-1, -1}, theirs[2] = {-2, -2};
    sys(gettimeofday, NULL, theirs);
    expect(vdso_call(function, (long)&b, (long)zone, 0) == 0, "gettimeofday with a time zone");
    expect(zone[0] == theirs[0] && zone[1] == theirs[1], "the time zone is the system call's");
  }
}

static void check_time(const void *function) {
  long stored = -1;
  long before = sys(time, NULL);
  long now = function ? vdso_call(function, (long)&stored, 0, 0) : sys(time, &stored);
  long after = sys(time, NULL);
  say("%-18s %ld", "time", now);
  expect(before <= now && now <= after, "time lies between two system calls");
  expect(stored == now, "time stores what it returns");
}

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  struct vdso vdso = vdso_open();
  const void *gettime = vdso_function(&vdso, NAME("clock_gettime"));
  const void *getres = vdso_function(&vdso, NAME("clock_getres"));
  const void *gettimeofday = vdso_function(&vdso, NAME("gettimeofday"));
  const void *time = vdso_function(&vdso, NAME("time"));
  if (!vdso.image) {
    say("no vDSO: every call below is a system call");
  } else {
    say("vDSO: clock_gettime %s, clock_getres %s, gettimeofday %s, time %s", gettime ? "yes" : "no",
        getres ? "yes" : "no", gettimeofday ? "yes" : "no", time ? "yes" : "no");
  }
  for (size_t i = 0; i < COUNT(clocks); i++) {
    check_clock(gettime, getres, clocks[i].id, clocks[i].name);
  }
  check_gettimeofday(gettimeofday);
  check_time(time);

  struct word_timespec t;
  expect(call_gettime(gettime, 99, &t) == -EINVAL, "an unknown clock is EINVAL");
  long unknown = getres ? vdso_call(getres, 99, (long)&t, 0) : sys(clock_getres, 99, &t);
  expect(unknown == -EINVAL, "the resolution of an unknown clock is EINVAL");
  long null = getres ? vdso_call(getres, 1, 0, 0) : sys(clock_getres, 1, NULL);
  expect(null == 0, "clock_getres accepts NULL");
  return finish();
}
