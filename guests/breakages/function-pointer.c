/* Calls the address of a vDSO symbol as C calls a function. Where function pointers lead to
 * descriptors (ELFv1) that reads the function's instructions as if they were one. */
#include "guest.h"

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  struct vdso vdso = vdso_open();
  const void *symbol = vdso_function(&vdso, "__kernel_gettimeofday");
  if (!symbol) {
    fail("no __kernel_gettimeofday");
    return finish();
  }
  struct word_timeval time = {0, 0};
  long (*function)(struct word_timeval *, void *);
  memcpy(&function, &symbol, sizeof function);
  function(&time, NULL);
  expect(time.sec != 0, "it tells the time");
  return finish();
}
