/* Do raw threads share memory, keep atomic operations atomic, and wake each other by futex? */
#include "guest.h"

#include <linux/mman.h>
#include <linux/futex.h>

enum { THREADS = 4, ROUNDS = 5000, STACK = 65536 };

static int atomic_count, locked_count;
static int lock; /* 0 free, 1 taken, 2 taken and waited for */
static int ids[THREADS];
static unsigned long pointers[THREADS];
static int thread_ids[THREADS];

static long futex_wait(int *at, int value) {
  return sys(futex, at, FUTEX_WAIT, value, NULL, NULL, 0);
}

static long futex_wake(int *at, int count) {
  return sys(futex, at, FUTEX_WAKE, count, NULL, NULL, 0);
}

static void take(void) {
  int seen = 0;
  if (__atomic_compare_exchange_n(&lock, &seen, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
    return;
  }
  while (__atomic_exchange_n(&lock, 2, __ATOMIC_ACQUIRE) != 0) {
    futex_wait(&lock, 2);
  }
}

static void release(void) {
  if (__atomic_exchange_n(&lock, 0, __ATOMIC_RELEASE) == 2) {
    futex_wake(&lock, 1);
  }
}

static void work(void *argument) {
  size_t me = (size_t)argument;
  pointers[me] = thread_pointer();
  thread_ids[me] = (int)own_tid();
  for (int i = 0; i < ROUNDS; i++) {
    __atomic_fetch_add(&atomic_count, 1, __ATOMIC_RELAXED);
    take();
    locked_count = locked_count + 1;
    release();
  }
}

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  /* On x86-64 the thread pointer is read from where it points to. */
  static unsigned long blocks[THREADS][8];
  int started = 0;
  for (int i = 0; i < THREADS; i++) {
    unsigned char *stack =
        map(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    blocks[i][0] = (unsigned long)&blocks[i];
    long id = start_thread(work, (void *)(size_t)i, stack + STACK, &ids[i], blocks[i][0]);
    if (id < 0) {
      fail("clone gives %ld", id);
      ids[i] = 0;
    } else {
      started++;
    }
  }
  for (int i = 0; i < THREADS; i++) {
    for (int id; (id = __atomic_load_n(&ids[i], __ATOMIC_ACQUIRE)) != 0;) {
      futex_wait(&ids[i], id);
    }
  }
  int own = (int)own_pid(), distinct = 0, right = 0;
  for (int i = 0; i < THREADS; i++) {
    bool different = thread_ids[i] != own && thread_ids[i] > 0;
    for (int k = 0; k < i; k++) {
      different &= thread_ids[k] != thread_ids[i];
    }
    distinct += different;
    right += pointers[i] == blocks[i][0];
  }
  say("%d threads: %d atomic additions, %d under a lock", started, atomic_count, locked_count);
  expect(started == THREADS, "every thread starts");
  expect(atomic_count == THREADS * ROUNDS, "atomic additions are atomic");
  expect(locked_count == THREADS * ROUNDS, "the lock excludes");
  expect(distinct == THREADS, "each thread has an id of its own");
  expect(right == THREADS, "each thread has the thread pointer it was given");

  int word = 5;
  expect(futex_wait(&word, 4) == -EAGAIN, "FUTEX_WAIT for another value is EAGAIN");
  struct word_timespec moment = {0, 1000000};
  expect(sys(futex, &word, FUTEX_WAIT, 5, &moment, NULL, 0) == -ETIMEDOUT,
         "FUTEX_WAIT ends with ETIMEDOUT");
  expect(futex_wake(&word, 1) == 0, "FUTEX_WAKE without a waiter wakes none");
  return finish();
}
