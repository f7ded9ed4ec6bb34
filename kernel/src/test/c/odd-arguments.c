// Random system calls with odd arguments, each round in a child: odd-arguments SEED CALLS ROUNDS.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static unsigned long long state;
static char *page;

static unsigned next(void) {
  state = state * 6364136223846793005ULL + 1442695040888963407ULL;
  return (unsigned)(state >> 33);
}

static long argument(void) {
  switch (next() % 14) {
    case 0: return 0;
    case 1: return 1;
    case 2: return -1;
    case 3: return next() % 64;
    case 4: return (long)page + next() % 4096;
    case 5: return (long)page;
    case 6: return (long)page + 4096 - next() % 64;  // the page behind is missing
    case 7: return next();
    case 8: return (long)(1UL << (next() % (8 * sizeof(long))));
    case 9: return (long)&argument;
    case 10: return 4096 * (next() % 100);
    case 11: return -(long)(next() % 200);
    case 12: return 0x7fffffff;
    default: return next() % 8;
  }
}

// Calls that would end the round, or silence its alarm, without showing anything.
static const char ended[] = {
    [SYS_exit] = 1,         [SYS_exit_group] = 1,     [SYS_fork] = 1,
    [SYS_vfork] = 1,        [SYS_clone] = 1,          [SYS_kill] = 1,
    [SYS_tkill] = 1,        [SYS_tgkill] = 1,         [SYS_pause] = 1,
    [SYS_alarm] = 1,        [SYS_rt_sigreturn] = 1,   [SYS_rt_sigsuspend] = 1,
    [SYS_rt_sigaction] = 1, [SYS_rt_sigprocmask] = 1, [SYS_sigaction] = 1,
    [SYS_sigsuspend] = 1,   [SYS_sigreturn] = 1,      [SYS_sigprocmask] = 1,
    [SYS_signal] = 1,       [SYS_ssetmask] = 1,       [SYS_setitimer] = 1,
    [SYS_fchmod] = 1,       [SYS_fchown] = 1,         [SYS_ftruncate] = 1,
};

int main(int count, char **arguments) {
  if (count < 4) {
    return 2;
  }
  unsigned long seed = strtoul(arguments[1], NULL, 0);
  int calls = atoi(arguments[2]);
  int rounds = atoi(arguments[3]);
  for (int round = 0; round < rounds; round++) {
    pid_t child = fork();
    if (child == 0) {
      state = seed + 7919UL * (unsigned)round;
      page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      munmap(page + 4096, 4096);
      for (int i = 0; i < 4096; i++) {
        page[i] = (char)(next() % 3 == 0 ? next() : 0);
      }
      strcpy(page, "/tmp/x");
      alarm(2);
      for (int i = 0; i < calls; i++) {
        unsigned number = next() % 452;
        if (number >= sizeof ended || !ended[number]) {
          syscall(number, argument(), argument(), argument(), argument(), argument(), argument());
        }
      }
      _exit(0);
    }
    int status;
    while (waitpid(child, &status, 0) != child) {
    }
    printf("round %d %x\n", round, status);
  }
  puts("ok lived");
  return 0;
}
