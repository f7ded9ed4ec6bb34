/* Does the time base run at the frequency the vDSO names? Readings of the time base around readings
 * of the clock bound the answer from both sides, however long the steps take. */
#include "guest.h"

#include <linux/fcntl.h>

static uint64_t clock_nanoseconds(void) {
  struct word_timespec t;
  sys(clock_gettime, 1 /* CLOCK_MONOTONIC */, &t);
  return (uint64_t)(uint32_t)t.sec * 1000000000u + (uint32_t)t.nsec;
}

/* "timebase : N" of /proc/cpuinfo, or 0. */
static uint64_t cpuinfo_timebase(void) {
  struct lines file = {.fd = (int)sys(open, "/proc/cpuinfo", O_RDONLY, 0)};
  char line[256];
  uint64_t value = 0;
  while (file.fd >= 0 && next_line(&file, line, sizeof line)) {
    if (starts_with(line, "timebase")) {
      const char *at = line;
      while (*at && (*at < '0' || *at > '9')) {
        at++;
      }
      value = parse_number(&at, 10);
    }
  }
  sys(close, file.fd);
  return value;
}

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  struct vdso vdso = vdso_open();
  const void *function = vdso_function(&vdso, "__kernel_get_tbfreq");
  uint64_t named = cpuinfo_timebase();
  uint64_t frequency = function ? vdso_call_wide(function) : 0;
  if (!function) {
    say("no get_tbfreq in %s", vdso.image ? "this vDSO" : "the absent vDSO");
    say("/proc/cpuinfo names %lu Hz", (unsigned long)named);
    return finish();
  }
  say("the vDSO names %llu Hz", (unsigned long long)frequency);
  if (named) {
    expect(named == frequency, "/proc/cpuinfo names the same frequency");
  }
  uint64_t a = read_timebase(), start = clock_nanoseconds(), b = read_timebase();
  uint64_t c, end, d;
  do {
    c = read_timebase();
    end = clock_nanoseconds();
    d = read_timebase();
  } while (end - start < 20000000);
  uint64_t elapsed = end - start;
  /* Ticks in the elapsed time; a clock may be slewed by less than 1/1000 (adjtimex(2)). */
  uint64_t ticks = frequency / 1000 * elapsed / 1000000;
  uint64_t slack = ticks / 1000 + 2;
  expect(c - b <= ticks + slack, "the time base is not faster than named");
  expect(d - a + slack >= ticks, "the time base is not slower than named");
  if (c - b > ticks + slack || d - a + slack < ticks) {
    say("between %llu and %llu ticks in %llu ns", (unsigned long long)(c - b),
        (unsigned long long)(d - a), (unsigned long long)elapsed);
  }
  return finish();
}
