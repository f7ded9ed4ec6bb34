/* A library for LD_AUDIT that registers as it is loaded: in a namespace of its own, with a C library
   of its own, before the program's objects are mapped. */
#define _GNU_SOURCE
#include "rule.h"

#include <link.h>
#include <stdio.h>

static __thread struct area mine;

unsigned int la_version(unsigned int version) {
  fprintf(stderr, "audit: %s\n", named(registers(&mine)));
  return version;
}
