/* A program in seccomp's strict mode, which leaves it read, write, exit and sigreturn, asks the vDSO
 * for the time of clock ARGUMENT. It lives if that is answered without a system call. */
#include "guest.h"

#include <linux/prctl.h>

int main(int argc, char **argv, char **envp) {
  (void)envp;
  if (argc != 2) {
    fail("arguments: CLOCK");
    return finish();
  }
  const char *text = argv[1];
  unsigned long clock = parse_number(&text, 10);
  struct vdso vdso = vdso_open();
  const void *function = vdso_function(&vdso, "__kernel_clock_gettime");
  struct word_timespec time = {0, 0};
  expect(sys(prctl, PR_SET_SECCOMP, 1, 0, 0, 0) == 0, "strict mode");
  if (function) {
    vdso_call(function, (long)clock, (long)&time, 0);
  } else {
    sys(clock_gettime, clock, &time);
  }
  int status = finish();
  sys(exit, status); /* not exit_group, which is forbidden */
  return status;
}
