/* System calls that do nothing: getppid. One repetition is 20000 of them; the time is of one. */
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"

enum { CALLS = 20000 };

static uint64_t run(uint64_t number) {
  long parent = syscall(SYS_getppid), differ = 0;
  for (int i = 0; i < CALLS; i++) differ += syscall(SYS_getppid) != parent;
  return number + (uint64_t)differ;
}

int main(int argc, char **argv) { return bench(argc, argv, "syscall", CALLS, run); }
