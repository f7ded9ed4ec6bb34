/* Stands for a C library that registers when it is loaded, as was proposed in 2019: it defines what
   a C library defines. To be loaded where there is another one: dlmopen, a static program. */
#include "rule.h"

static __thread struct area mine;
int nested_result = -1;

int __libc_start_main(void) {
  return 0;
}

__attribute__((constructor)) static void claim(void) {
  nested_result = registers(&mine);
}
