/* Does the vDSO's getcpu name the processor this thread is bound to? */
#include "guest.h"

#if defined __powerpc__
#define NAME "__kernel_getcpu"
#else
#define NAME "__vdso_getcpu"
#endif

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  struct vdso vdso = vdso_open();
  const void *function = vdso_function(&vdso, NAME);
  if (!function) {
    say("no getcpu in %s: by system call", vdso.image ? "this vDSO" : "the absent vDSO");
  }
  if (sys(getcpu, NULL, NULL, NULL) == -ENOSYS) {
    say("and this kernel has no such system call");
    return finish();
  }
  unsigned long mask[128];
  long size = sys(sched_getaffinity, 0, sizeof mask, mask);
  if (size <= 0) {
    fail("sched_getaffinity gives %ld", size);
    return finish();
  }
  int bound = 0, wrong = 0;
  const unsigned bits = sizeof(long) * 8;
  for (unsigned cpu = 0; cpu < (unsigned)size * 8 && bound < 16; cpu++) {
    if (!(mask[cpu / bits] >> (cpu % bits) & 1)) {
      continue;
    }
    unsigned long one[128] = {0};
    one[cpu / bits] = 1UL << (cpu % bits);
    if (sys(sched_setaffinity, 0, size, one) != 0) {
      continue;
    }
    bound++;
    unsigned at = -1U, node = -1U, at_call = -2U, node_call = -2U;
    long error = function ? vdso_call(function, (long)&at, (long)&node, 0)
                          : sys(getcpu, &at, &node, NULL);
    long call = sys(getcpu, &at_call, &node_call, NULL);
    if (error || call || at != cpu || at_call != cpu || node != node_call) {
      fail("bound to %u: vDSO says cpu %u node %u (%ld), system call cpu %u node %u (%ld)", cpu, at,
           node, error, at_call, node_call, call);
      wrong++;
    }
  }
  sys(sched_setaffinity, 0, size, mask);
  say("%d processors, %d named wrongly", bound, wrong);
  expect(bound > 0, "this thread can be bound to a processor");
  unsigned cpu = -1U, node = -1U;
  if (function) {
    expect(vdso_call(function, (long)&cpu, 0, 0) == 0 && cpu != -1U, "the node may be NULL");
    expect(vdso_call(function, 0, (long)&node, 0) == 0 && node != -1U, "the cpu may be NULL");
    expect(vdso_call(function, 0, 0, 0) == 0, "both may be NULL");
  }
  return finish();
}
