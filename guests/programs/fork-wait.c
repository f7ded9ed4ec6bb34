/* Is a child a copy with memory of its own, and does the parent learn how it ended? */
#include "guest.h"

#include <asm/signal.h>

static int shared_name = 1;

static bool waited(long pid, int *status) {
  long got;
  do {
    got = sys(wait4, pid, status, 0, NULL);
  } while (got == -EINTR);
  return got == pid;
}

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  long parent = own_pid();
  int on_stack = 10, status = -1;
  long child = sys(fork);
  if (child == 0) {
    shared_name++;
    on_stack++;
    bool right = shared_name == 2 && on_stack == 11 && sys(getppid) == parent &&
                 own_pid() != parent;
    sys(exit_group, right ? 42 : 1);
  }
  if (child < 0) {
    fail("fork gives %ld", child);
    return finish();
  }
  expect(waited(child, &status), "the child is waited for");
  say("child ended with status 0x%x", (unsigned)status);
  expect(status == 42 << 8, "its exit status is 42");
  expect(shared_name == 1 && on_stack == 10, "the parent's memory is as it was");
  expect(sys(wait4, -1, &status, 0, NULL) == -ECHILD, "then there is no child");

  child = sys(fork);
  if (child == 0) {
    for (;;) {
      sys(kill, own_pid(), SIGKILL);
    }
  }
  expect(waited(child, &status), "a killed child is waited for");
  say("killed child gives status 0x%x", (unsigned)status);
  expect((status & 0x7f) == SIGKILL, "its end is SIGKILL");

  enum { CHILDREN = 8 };
  long children[CHILDREN];
  for (int i = 0; i < CHILDREN; i++) {
    children[i] = sys(fork);
    if (children[i] == 0) {
      sys(exit_group, 100 + i);
    }
  }
  int right = 0;
  for (int i = CHILDREN - 1; i >= 0; i--) {
    right += waited(children[i], &status) && status == (100 + i) << 8;
  }
  say("%d of %d children gave their own status", right, (int)CHILDREN);
  expect(right == CHILDREN, "each child gives its own status");
  return finish();
}
