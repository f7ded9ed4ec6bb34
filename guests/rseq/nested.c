/* What becomes of a second C library that registers? Arguments: dlopen or dlmopen, and its file. */
#define _GNU_SOURCE
#include "rule.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv) {
  if (argc < 3) {
    puts("ok nested: nothing to load");
    return 0;
  }
  void *loaded = strcmp(argv[1], "dlmopen") == 0 ? dlmopen(LM_ID_NEWLM, argv[2], RTLD_NOW)
                                                 : dlopen(argv[2], RTLD_NOW);
  int *result = loaded == NULL ? NULL : dlsym(loaded, "nested_result");
  if (result == NULL) {
    printf("FAIL %s\n", dlerror());
    return 1;
  }
  printf("nested C library: %s\n", named(*result));
  puts(*result == 0 ? "FAIL the nested C library owns" : "ok nested");
  return *result == 0;
}
