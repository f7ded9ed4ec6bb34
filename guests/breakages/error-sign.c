/* Expects of a vDSO function what C functions do: a negative number where it fails. Power's return a
 * positive errno and set CR0.SO, as its system calls do. */
#include "guest.h"

#include <linux/time.h>

long raw_call(const void *function, long a, long b);
__asm__(".section .text.raw_call,\"ax\"\n"
        ".globl raw_call\n"
#if defined __powerpc64__ && _CALL_ELF != 2
        ".section .opd,\"aw\"\n\t.align 3\nraw_call: .quad .L.raw_call,.TOC.@tocbase,0\n\t.previous\n"
        ".L.raw_call:\n"
#else
        "raw_call:\n"
#endif
        "mtctr 3\n\tmr 3,4\n\tmr 4,5\n\tbctr\n"
        ".text\n");

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  struct vdso vdso = vdso_open();
  const void *function = vdso_function(&vdso, "__kernel_clock_gettime");
  if (!function) {
    fail("no __kernel_clock_gettime");
    return finish();
  }
  struct word_timespec time;
  long result = raw_call(function, 12345, (long)&time);
  say("clock 12345: %ld", result);
  expect(result < 0, "an error is negative");
  return finish();
}
