/* Who owns the restartable sequences of all threads, as far as the C library and a preloaded library
   tell? Argument: libc, preload or none, whoever is expected. It neither registers nor cares. */
#define _GNU_SOURCE
#include "rule.h"

#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

static const char *expected = "libc";
static int failures;

static const char *owner(void) {
  struct area *(*preload_area)(void) = (struct area * (*)(void)) dlsym(RTLD_DEFAULT, "preload_area");
  if (preload_area != NULL && preload_area() != NULL) {
    return "preload";
  }
  return libc_owns() && (int32_t)libc_area()->cpu_id >= 0 ? "libc" : "none";
}

static const char *libc_tells(void) {
  if (&__rseq_size == NULL) {
    return "the C library knows nothing of it";
  }
  uint32_t cpu = libc_area()->cpu_id;
  static const char *const texts[2][3] = {
      {"size 0, cpu_id -2", "size 0, cpu_id -1", "size 0, cpu_id set"},
      {"size set, cpu_id -2", "size set, cpu_id -1", "size set, cpu_id set"}};
  return texts[__rseq_size != 0][cpu == FAILED ? 0 : cpu == UNINITIALIZED ? 1 : 2];
}

static void *look(void *thread) {
  const char *found = owner();
  printf("%s: %s, %s\n", (char *)thread, found, libc_tells());
  if (strcmp(found, expected) != 0) {
    printf("FAIL %s owns\n", found);
    failures++;
  }
  if (sched_getcpu() < 0) {
    puts("FAIL sched_getcpu");
    failures++;
  }
  return NULL;
}

int main(int argc, char **argv) {
  pthread_t second;
  if (argc > 1) {
    expected = argv[1];
  }
  look("first thread");
  if (pthread_create(&second, NULL, look, "second thread") != 0 ||
      pthread_join(second, NULL) != 0) {
    puts("FAIL no second thread");
    return 1;
  }
  puts(failures == 0 ? "ok threads" : "FAIL threads");
  return failures != 0;
}
