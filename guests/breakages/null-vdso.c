/* Takes the presence of AT_SYSINFO_EHDR for the presence of a vDSO. */
#include "guest.h"

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  unsigned long address;
  if (!auxiliary_value(AT_SYSINFO_EHDR, &address)) {
    say("no AT_SYSINFO_EHDR");
    return finish();
  }
  const volatile unsigned char *header = (const unsigned char *)address;
  say("AT_SYSINFO_EHDR is 0x%lx", address);
  expect(header[0] == 0x7f, "there is an ELF header");
  return finish();
}
