/* Two threads with shared counters: atomic additions, compare-and-swap, a spin lock, a mutex. */
#include <pthread.h>
#include <stdatomic.h>

#include "bench.h"

enum { THREADS = 2, STEPS = 80000 };

static atomic_uint counter, highest;
static atomic_flag spin = ATOMIC_FLAG_INIT;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static uint32_t spun, locked;

static void *work(void *argument) {
  uint32_t own = (uint32_t)(uintptr_t)argument, seed = own + 1;
  for (uint32_t i = 0; i < STEPS; i++) {
    atomic_fetch_add_explicit(&counter, own + 1, memory_order_relaxed);
    uint32_t mine = bench_random(&seed), seen = atomic_load(&highest);
    while (mine > seen && !atomic_compare_exchange_weak(&highest, &seen, mine)) continue;
    if (i % 8 == 0) {
      while (atomic_flag_test_and_set_explicit(&spin, memory_order_acquire)) continue;
      spun++;
      atomic_flag_clear_explicit(&spin, memory_order_release);
      pthread_mutex_lock(&mutex);
      locked += own + 1;
      pthread_mutex_unlock(&mutex);
    }
  }
  return NULL;
}

static uint64_t run(uint64_t number) {
  pthread_t threads[THREADS];
  atomic_store(&counter, 0);
  atomic_store(&highest, 0);
  spun = locked = 0;
  for (uintptr_t i = 0; i < THREADS; i++)
    if (pthread_create(&threads[i], NULL, work, (void *)(i + (uintptr_t)(number % 3))) != 0) return 0;
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  return bench_mix(bench_mix(counter, highest), bench_mix(spun, locked));
}

int main(int argc, char **argv) { return bench(argc, argv, "threads", 1, run); }
