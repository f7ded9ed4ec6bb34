/* A counter of each CPU: a restartable sequence where the C library could register its area, an atomic
 * addition where it could not. There is a second thread, though it sleeps: without one an emulator
 * may do atomic operations by plain ones. One repetition is 400000 increments; the time is of one. */
#include <pthread.h>

#include "bench.h"

#include "../../guests/libc/rseq.h"

enum { STEPS = 400000, CPUS = 1024, LINE = 128 };

static struct {
  long count;
  char rest[LINE - sizeof(long)];
} counters[CPUS] __attribute__((aligned(LINE)));

SEQUENCE(add);
static struct sequence adding;

static volatile struct area *registered(void) {
#if defined __powerpc64__
  register char *thread __asm__("r13");
#elif defined __powerpc__
  register char *thread __asm__("r2");
#else
  char *thread = __builtin_thread_pointer();
#endif
  volatile struct area *area = (void *)(thread + __rseq_offset);
  return __rseq_size != 0 && (int)area->cpu_id >= 0 ? area : NULL;
}

static ONCE void by_sequences(volatile struct area *area, long steps) {
#ifdef __powerpc__
  __asm__ volatile(
      "1: lwz 5,0(%[area])\nslwi 6,5,7\nadd 6,6,%[counters]\n" STORE " %[sequence]," POINTER
      "(%[area])\nadd_start:\nlwz 7,4(%[area])\ncmpw 7,5\nbne 1b\n" LOAD " 7,0(6)\naddi 7,7,1\n"
      STORE " 7,0(6)\nadd_end:\naddic. %[steps],%[steps],-1\nbne 1b\nb 9f\n"
      ".long 0x0fe5000b\nadd_abort:\nb 1b\n9:\n"
      : [steps] "+b"(steps)
      : [area] "b"(area), [counters] "b"(counters), [sequence] "r"(&adding)
      : "r5", "r6", "r7", "cr0", "xer", "memory");
#else
  __asm__ volatile(
      "1: movl (%[area]),%%r8d\nmovq %%r8,%%r9\nshlq $7,%%r9\naddq %[counters],%%r9\n"
      "movq %[sequence],8(%[area])\nadd_start:\ncmpl %%r8d,4(%[area])\njne 1b\nincq (%%r9)\n"
      "add_end:\ndecq %[steps]\njnz 1b\njmp 9f\n.byte 0x0f,0xb9,0x3d\n.long 0x53053053\n"
      "add_abort:\njmp 1b\n9:\n"
      : [steps] "+r"(steps)
      : [area] "r"(area), [counters] "r"(counters), [sequence] "r"(&adding)
      : "r8", "r9", "cc", "memory");
#endif
}

static NOINLINE void by_atomics(long steps) {
  for (long i = 0; i < steps; i++) __atomic_fetch_add(&counters[0].count, 1, __ATOMIC_RELAXED);
}

static uint64_t run(uint64_t number) {
  volatile struct area *area = registered();
  adding = (struct sequence)DESCRIBE(add);
  if (area != NULL) {
    by_sequences(area, STEPS);
  } else {
    by_atomics(STEPS);
  }
  long sum = 0;
  for (int i = 0; i < CPUS; i++) sum += counters[i].count;
  return number ^ (uint64_t)sum;
}

static void *sleeper(void *unused) {
  pause();
  return unused;
}

int main(int argc, char **argv) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, sleeper, NULL) != 0) return 1;
  return bench(argc, argv, "percpu", STEPS, run);
}
