/* Finds the data page as __kernel_datapage_offset tells and reads what struct systemcfg has. */
#include "guest.h"

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  struct vdso vdso = vdso_open();
  const unsigned char *at = vdso_function(&vdso, "__kernel_datapage_offset");
  if (!at) {
    fail("no __kernel_datapage_offset");
    return finish();
  }
  int32_t distance;
  memcpy(&distance, at, sizeof distance);
  const char *page = (const char *)at + distance;
  say("data page at 0x%lx: %s", (unsigned long)page, page);
  expect(starts_with(page, "SYSTEMCFG:PPC64"), "it begins with the eye catcher");
  return finish();
}
