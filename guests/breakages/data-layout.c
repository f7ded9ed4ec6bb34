/* Reads the time from the data page with a layout that was compiled in: that of the 64-bit kernels
 * 5.15 to 6.12, two pages in front of the image and vdso_data at offset 0xf8. */
#include "guest.h"

#define BASETIME 0x20
#define VDSO_DATA 0xf8

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  struct vdso vdso = vdso_open();
  unsigned long page = 4096;
  auxiliary_value(AT_PAGESZ, &page);
  if (!vdso.image) {
    fail("no vDSO");
    return finish();
  }
  struct word_timeval now = {0, 0};
  sys(gettimeofday, &now, NULL);
  const volatile uint64_t *base = (const void *)(vdso.image - 2 * page + VDSO_DATA + BASETIME);
  say("%llu seconds in the page, %ld by system call", (unsigned long long)*base, now.sec);
  expect(*base <= (uint64_t)now.sec && *base + 60 > (uint64_t)now.sec, "both are the same time");
  return finish();
}
