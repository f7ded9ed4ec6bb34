/* How a program says what held: one line for each claim, "ok CLAIM" or "FAIL CLAIM". */
#ifndef CHECK_H
#define CHECK_H

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;

static inline void begin(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
}

static inline bool report(bool held, const char *claim, int line) {
  int error = errno;
  if (held) {
    printf("ok %s\n", claim);
  } else {
    failures++;
    printf("FAIL %s (line %d, errno %d %s)\n", claim, line, error, strerror(error));
  }
  return held;
}

#define OK(held, claim) report((held), (claim), __LINE__)
/* A call that failed as it should. */
#define FAILS(call, error, claim) (errno = 0, report((call) == -1 && errno == (error), (claim), __LINE__))

static inline void skip(const char *claim, const char *why) {
  printf("skip %s: %s\n", claim, why);
}

static inline int end(void) {
  fflush(stdout);
  return failures ? 1 : 0;
}
#endif
