/* Takes a stack guard from where AT_RANDOM points to without asking whether there is an AT_RANDOM, as
 * static programs do since their C library no longer asks how old the kernel is. */
#include "guest.h"

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  unsigned long address = 0;
  auxiliary_value(AT_RANDOM, &address);
  const volatile unsigned char *random = (const void *)address;
  unsigned long guard = 0;
  for (size_t i = 0; i < sizeof guard; i++) {
    guard = guard << 8 | random[i];
  }
  say("the stack guard is %lx", guard);
  expect(guard != 0, "the guard is random");
  return finish();
}
