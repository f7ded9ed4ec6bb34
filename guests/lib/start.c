#include "guest.h"

const char *program_name = "?";
char **environment;
const unsigned long (*auxiliary)[2];
const unsigned long *initial_stack;

_Noreturn void guest_start(unsigned long *stack) {
  int argc = (int)stack[0];
  char **argv = (char **)(stack + 1);
  initial_stack = stack;
  environment = argv + argc + 1;
  char **end = environment;
  while (*end) {
    end++;
  }
  auxiliary = (const unsigned long(*)[2])(end + 1);
  if (argc > 0) {
    program_name = argv[0];
    for (const char *s = argv[0]; *s; s++) {
      if (*s == '/' && s[1]) {
        program_name = s + 1;
      }
    }
  }
  int status = main(argc, argv, environment);
  for (;;) {
    sys(exit_group, status);
  }
}

bool auxiliary_value(unsigned long type, unsigned long *value) {
  for (size_t i = 0; auxiliary[i][0] != AT_NULL; i++) {
    if (auxiliary[i][0] == type) {
      *value = auxiliary[i][1];
      return true;
    }
  }
  return false;
}
