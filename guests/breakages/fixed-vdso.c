/* A program that was built for kernels that map the vDSO at 1 MiB and asserts that it is there, as
 * early C libraries did with the address of their kernels. Where there is none it lives without. */
#include "guest.h"

#include <asm/signal.h>

#define EXPECTED 0x100000ul

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  unsigned long address = 0;
  auxiliary_value(AT_SYSINFO_EHDR, &address);
  if (address != 0 && address != EXPECTED) {
    static const char message[] = "fixed-vdso: the vDSO is not at 0x100000\n";
    sys(write, 2, message, sizeof message - 1);
    sys(kill, own_pid(), SIGABRT);
  }
  say(address ? "the vDSO is where it always was" : "no vDSO");
  return finish();
}
