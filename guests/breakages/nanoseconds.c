/* Expects of clock_gettime in the vDSO what its name for the unit promises: that not every time is a
 * whole number of microseconds. */
#include "guest.h"

#include <linux/time.h>

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  struct vdso vdso = vdso_open();
  const void *function = vdso_function(&vdso, "__kernel_clock_gettime");
  if (!function) {
    fail("no __kernel_clock_gettime");
    return finish();
  }
  int finer = 0;
  for (int i = 0; i < 1000; i++) {
    struct word_timespec time;
    vdso_call(function, CLOCK_REALTIME, (long)&time, 0);
    finer += time.nsec % 1000 != 0;
  }
  say("%d of 1000 times are finer than a microsecond", finer);
  expect(finer > 0, "some are");
  return finish();
}
