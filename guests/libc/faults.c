/* Do threads compute what they should while pages, code and time are taken from them? faults [THREADS [ROUNDS]] */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include "check.h"

enum { PAGE = 65536, MOST_THREADS = 64 };

typedef struct {
  unsigned number, rounds;
  unsigned char *data, *code;
  sigjmp_buf out;
  volatile int jumps;
  volatile unsigned long faults;
  unsigned long wrong;
  double sum;
} worker;

static __thread worker *self;
static volatile sig_atomic_t ticks;

static void tick(int number) {
  (void)number;
  ticks++;
}

/* Gives the page back, or leaves the access. */
static void fault(int number, siginfo_t *info, void *context) {
  (void)number, (void)context;
  worker *w = self;
  unsigned char *at = info->si_addr;
  w->faults++;
  if (w->jumps) {
    siglongjmp(w->out, 1);
  }
  if (at < w->data || at >= w->data + PAGE || mprotect(w->data, PAGE, PROT_READ | PROT_WRITE)) {
    static const char text[] = "FAIL a fault elsewhere\n";
    (void)!write(1, text, sizeof text - 1);
    _exit(1);
  }
}

/* A function that returns a value, written where another one was. */
static int written(unsigned char *at, int value) {
#if defined __powerpc__
  uint32_t words[] = {0x38600000u | (uint16_t)value, 0x4e800020u}; /* li 3,VALUE; blr */
  memcpy(at, words, sizeof words);
#else
  at[0] = 0xb8; /* mov $VALUE,%eax; ret */
  memcpy(at + 1, &value, 4);
  at[5] = 0xc3;
#endif
  __builtin___clear_cache((char *)at, (char *)at + 8);
#if defined __powerpc64__ && _CALL_ELF != 2
  uintptr_t descriptor[] = {(uintptr_t)at, 0, 0};
  void *pointer = descriptor;
#else
  void *pointer = at;
#endif
  int (*function)(void);
  memcpy(&function, &pointer, sizeof function);
  __asm__ volatile("" : : : "memory");
  return function();
}

static unsigned deep(unsigned depth) {
  volatile unsigned char frame[4096];
  frame[depth % sizeof frame] = (unsigned char)depth;
  return depth == 0 ? 0 : deep(depth - 1) + frame[depth % sizeof frame];
}

static double harmonic(unsigned first) {
  double sum = 0;
  for (unsigned k = 0; k < 100; k++) {
    sum += 1.0 / (first + k);
  }
  return sum;
}

static void once(worker *w, unsigned random) {
  unsigned long before = w->faults;
  unsigned at = random % (PAGE - 8);
  mprotect(w->data, PAGE, random & 0x10000 ? PROT_NONE : PROT_READ);
  memcpy(w->data + at, &random, sizeof random); /* across pages, sometimes */
  unsigned found;
  memcpy(&found, w->data + at, sizeof found);
  w->wrong += found != random || w->faults != before + 1;

  int value = (int)(random % 30000);
  w->wrong += written(w->code + random / 64 % (PAGE / 16) * 16, value) != value;

  w->jumps = 1;
  if (sigsetjmp(w->out, 1) == 0) {
    mprotect(w->data, PAGE, PROT_NONE);
    w->wrong += ((volatile unsigned char *)w->data)[at] + 1u;
  }
  w->jumps = 0;
  mprotect(w->data, PAGE, PROT_READ | PROT_WRITE);

  w->wrong += harmonic(1) != w->sum;
  memmove(w->data + 100, w->data, PAGE / 2);
  if (random % 16 == 0) {
    w->wrong += deep(40) != 40 * 41 / 2;
  }
}

static void *work(void *argument) {
  worker *w = self = argument;
  unsigned random = 12345 + w->number;
  for (unsigned i = 0; i < w->rounds; i++) {
    random = random * 1664525 + 1013904223;
    once(w, random ^ random >> 16);
  }
  return NULL;
}

int main(int argc, char **argv) {
  begin();
  unsigned threads = argc > 1 ? (unsigned)atoi(argv[1]) : 3;
  unsigned rounds = argc > 2 ? (unsigned)atoi(argv[2]) : 300;
  static worker workers[MOST_THREADS];
  pthread_t ids[MOST_THREADS];
  threads = threads > MOST_THREADS ? MOST_THREADS : threads;
  sigaction(SIGSEGV, &(struct sigaction){.sa_sigaction = fault, .sa_flags = SA_SIGINFO}, NULL);
  sigaction(SIGALRM, &(struct sigaction){.sa_handler = tick, .sa_flags = SA_RESTART}, NULL);
  struct itimerval often = {{0, 1000}, {0, 1000}};
  setitimer(ITIMER_REAL, &often, NULL);
  double sum = harmonic(1);
  unsigned long wrong = 0, faults = 0;
  for (unsigned t = 0; t < threads; t++) {
    unsigned char *pages =
        mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (!OK(pages != MAP_FAILED, "pages for a thread")) {
      return 1;
    }
    workers[t] =
        (worker){.number = t, .rounds = rounds, .data = pages, .code = pages + PAGE, .sum = sum};
    pthread_create(&ids[t], NULL, work, &workers[t]);
  }
  for (unsigned t = 0; t < threads; t++) {
    pthread_join(ids[t], NULL);
    wrong += workers[t].wrong;
    faults += workers[t].faults;
  }
  OK(wrong == 0, "nothing is computed wrong");
  OK(faults == 2ul * threads * rounds, "each access that is not allowed faults once");
  return end();
}
