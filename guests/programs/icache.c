/* Does code that was just written run, once the vDSO's sync_dicache has been called? */
#include "guest.h"

#include <linux/mman.h>

enum { ROUNDS = 100 };

#if defined __powerpc__
/* li r3,VALUE; blr */
static size_t write_function(void *at, int value) {
  uint32_t *code = at;
  code[0] = 0x38600000u | (uint16_t)value;
  code[1] = 0x4e800020u;
  return 8;
}

static void synchronise(const void *function, void *start, size_t size) {
  unsigned long end = (unsigned long)start + size;
  if (function) {
    expect(vdso_call(function, (long)start, (long)end, 0) == 0, "sync_dicache succeeds");
    return;
  }
  /* Steps of one word are right for every cache line length. */
  for (unsigned long p = (unsigned long)start; p < end; p += 4) {
    __asm__ volatile("dcbst 0,%0" : : "r"(p) : "memory");
  }
  __asm__ volatile("sync" : : : "memory");
  for (unsigned long p = (unsigned long)start; p < end; p += 4) {
    __asm__ volatile("icbi 0,%0" : : "r"(p) : "memory");
  }
  __asm__ volatile("sync\n\tisync" : : : "memory");
}
#else
/* mov $VALUE,%eax; ret */
static size_t write_function(void *at, int value) {
  unsigned char *code = at;
  code[0] = 0xb8;
  memcpy(code + 1, &value, 4);
  code[5] = 0xc3;
  return 6;
}

static void synchronise(const void *function, void *start, size_t size) {
  (void)function, (void)start, (void)size;
}
#endif

/* vdso_call calls code by its address on every ABI, and the code here leaves CR0.SO alone. */
static long call(const void *code) {
  return vdso_call(code, 0, 0, 0);
}

#if defined __powerpc__
/* dcbz clears the block that the auxiliary vector tells of, and nothing else. */
static void check_blocks(unsigned char *memory) {
  unsigned long size = 0;
  if (!auxiliary_value(AT_DCACHEBSIZE, &size)) {
    fail("no AT_DCACHEBSIZE");
    return;
  }
  memset(memory, 0xff, 8192);
  __asm__ volatile("dcbz 0,%0" : : "r"(memory + 4096 + 5) : "memory");
  unsigned long cleared = 0, first = 8192;
  for (unsigned long i = 0; i < 8192; i++) {
    if (memory[i] == 0) {
      first = cleared++ == 0 ? i : first;
    }
  }
  say("dcbz clears %lu bytes, AT_DCACHEBSIZE is %lu", cleared, size);
  expect(cleared == size && first == 4096, "dcbz clears a block");
}
#else
static void check_blocks(unsigned char *memory) {
  (void)memory;
}
#endif

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  struct vdso vdso = vdso_open();
  const void *function = vdso_function(&vdso, "__kernel_sync_dicache");
  say("code is synchronised by %s",
      function ? "the vDSO" : "this program: there is no sync_dicache");
  unsigned char *memory =
      map(NULL, 65536, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (is_error(memory)) {
    fail("mmap gives %ld", (long)memory);
    return finish();
  }
  int right = 0;
  for (int i = 0; i < ROUNDS; i++) {
    /* The same place twice, then one that crosses pages, each with a value of its own. */
    unsigned char *places[] = {memory, memory, memory + 4096 - 4, memory + 4 * (size_t)(i + 8)};
    for (size_t k = 0; k < COUNT(places); k++) {
      int value = (int)(i * COUNT(places) + k + 1);
      size_t size = write_function(places[k], value);
      synchronise(function, places[k], size);
      right += call(places[k]) == value;
    }
  }
  say("%d of %d freshly written functions returned their own value", right, 4 * (int)ROUNDS);
  expect(right == 4 * (int)ROUNDS, "freshly written code runs");
  if (function) {
    // The 32-bit loop leaves r3 alone where there is nothing to do.
    long result = vdso_call(function, (long)memory, (long)memory, 0);
    expect(result == 0 || result == (long)memory, "an empty range succeeds");
  }
  check_blocks(memory);
  return finish();
}
