/* A library for LD_PRELOAD that would own restartable sequences, and keeps the protocol: it
   registers only where the C library has not, for each thread before the thread's own code; threads
   begun by anything but pthread_create have nothing. With TAKE_BACK it takes back what the C library
   has registered, and says so in the C library's area: then glibc's sched_getcpu asks the kernel, and
   threads begun later are not registered by glibc, which looks at their parent's cpu_id. */
#include "rule.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>

static __thread struct area mine __attribute__((tls_model("initial-exec")));
static int owns;

struct start {
  void *(*function)(void *);
  void *argument;
};

/* Where this library has registered the calling thread, or NULL. */
struct area *preload_area(void) {
  return owns && (int32_t)mine.cpu_id >= 0 ? &mine : NULL;
}

static int begin(void) {
  mine.cpu_id = UNINITIALIZED;
  return registers(&mine);
}

__attribute__((constructor)) static void claim(void) {
#ifdef TAKE_BACK
  if (libc_owns() && unregisters(libc_area()) == 0) {
    libc_area()->cpu_id = FAILED;
    owns = begin() == 0;
    return;
  }
#endif
  owns = !libc_owns() && begin() == 0;
}

static void *run(void *argument) {
  struct start start = *(struct start *)argument;
  free(argument);
  begin();
  return start.function(start.argument);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*function)(void *),
                   void *argument) {
  static int (*next)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
  if (next == NULL) {
    next = (int (*)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *))dlsym(
        RTLD_NEXT, "pthread_create");
  }
  struct start *start = owns ? malloc(sizeof *start) : NULL;
  if (start == NULL) {
    return next(thread, attributes, function, argument);
  }
  *start = (struct start){function, argument};
  int error = next(thread, attributes, run, start);
  if (error != 0) {
    free(start);
  }
  return error;
}
