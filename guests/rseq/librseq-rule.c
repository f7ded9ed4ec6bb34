/* Who owns restartable sequences, by librseq's rule: the C library, if its symbols say that it has
   registered; else this library, with an area of its own in each thread (src/rseq.c). */
#define _GNU_SOURCE
#include "rule.h"

#include <dlfcn.h>

static __thread struct area mine __attribute__((tls_model("initial-exec")));

/* 0, or the errno of a registration that failed. */
int librseq_rule(const char **owner) {
  const ptrdiff_t *offset = dlsym(RTLD_NEXT, "__rseq_offset");
  const unsigned *size = dlsym(RTLD_NEXT, "__rseq_size");
  if (offset != NULL && size != NULL && *size != 0) {
    *owner = "the C library";
    return 0;
  }
  *owner = "librseq";
  if (mine.rest == 1) {
    return 0;
  }
  mine.cpu_id = UNINITIALIZED;
  int error = registers(&mine);
  mine.rest = error == 0;
  return error;
}
