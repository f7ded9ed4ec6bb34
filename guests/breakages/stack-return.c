/* Takes one signal with a stack that is not executable, as every program of today. Without a vDSO
 * the way back from the handler lies on that stack. */
#include "guest.h"

#include <asm/signal.h>

static volatile int taken;

static void handler(int number, void *info, void *context) {
  (void)number, (void)info, (void)context;
  taken++;
}

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  on_signal(SIGUSR1, handler, SA_SIGINFO);
  send_self(SIGUSR1);
  expect(taken == 1, "the handler ran and returned");
  return finish();
}
