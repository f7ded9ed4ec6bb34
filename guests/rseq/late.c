/* A library for LD_PRELOAD that registers in its constructor and does not ask first. */
#include "rule.h"

#include <stdio.h>

static __thread struct area mine __attribute__((tls_model("initial-exec")));

__attribute__((constructor)) static void claim(void) {
  fprintf(stderr, "late: %s\n", named(registers(&mine)));
}
