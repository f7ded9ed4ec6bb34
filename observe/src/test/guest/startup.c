/* Has one of everything that runs before main, and a thread. */
#include <pthread.h>

static int one(void) {
  return 1;
}

static int (*choose(void))(void) {
  return one;
}

int chosen(void) __attribute__((ifunc("choose")));

static void before_all(void) {}

__attribute__((section(".preinit_array"), used)) static void (*first)(void) = before_all;

static volatile int constructed;

__attribute__((constructor)) static void construct(void) {
  constructed = 1;
}

static void *run(void *argument) {
  return argument;
}

int main(void) {
  pthread_t thread;
  pthread_create(&thread, NULL, run, NULL);
  pthread_join(thread, NULL);
  return chosen() - 1;
}
