/* Does backtrace() in a signal handler see through the kernel's frame down to main? */
#include <execinfo.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <ucontext.h>
#include <unistd.h>

#include "check.h"

enum { FRAMES = 64 };

static void *frames[FRAMES];
static int frame_count;
static void *interrupted;
static void *return_to_middle, *return_to_main;
static volatile int sink;
static volatile uintptr_t bad_address = 16;

static sigjmp_buf jump, *back;

static void *instruction_pointer(const ucontext_t *context) {
#if defined __powerpc64__
  return (void *)context->uc_mcontext.gp_regs[32];
#elif defined __powerpc__
  return (void *)context->uc_mcontext.uc_regs->gregs[32];
#elif defined __x86_64__
  return (void *)context->uc_mcontext.gregs[REG_RIP];
#endif
}

static void handler(int number, siginfo_t *info, void *context) {
  (void)number, (void)info;
  interrupted = instruction_pointer(context);
  frame_count = backtrace(frames, FRAMES);
  if (back) {
    siglongjmp(*back, 1);
  }
}

static __attribute__((noinline)) void touch(void) {
  sink = sink + 1;
}

static __attribute__((noinline)) void leaf(int fault) {
  return_to_middle = __builtin_return_address(0);
  touch();
  if (fault) {
    sink = *(volatile int *)bad_address;
  } else {
    raise(SIGUSR1);
  }
  touch();
}

static __attribute__((noinline)) void middle(int fault) {
  return_to_main = __builtin_return_address(0);
  leaf(fault);
  touch();
}

static int position(const void *address) {
  for (int i = 0; i < frame_count; i++) {
    if (frames[i] == address) {
      return i;
    }
  }
  return -1;
}

static void check(const char *what, bool with_interrupted) {
  char claim[128];
  int at_pc = position(interrupted), at_middle = position(return_to_middle),
      at_main = position(return_to_main);
  snprintf(claim, sizeof claim, "%s: the backtrace goes from the handler to main", what);
  if (!OK(at_middle > 0 && at_main > at_middle, claim)) {
    for (int i = 0; i < frame_count; i++) {
      printf("  frame %d %p\n", i, frames[i]);
    }
    printf("  interrupted %p, middle %p, main %p\n", interrupted, return_to_middle, return_to_main);
  }
  if (with_interrupted) {
    snprintf(claim, sizeof claim, "%s: it names the interrupted instruction", what);
    OK(at_pc > 0 && at_pc < at_middle, claim);
  }
}

int main(void) {
  begin();
  struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
  sigaction(SIGUSR1, &action, NULL);
  sigaction(SIGSEGV, &action, NULL);

  frame_count = 0;
  middle(0);
  check("raise", false);

  back = &jump;
  frame_count = 0;
  if (sigsetjmp(jump, 1) == 0) {
    middle(1);
  }
  check("fault", true);

  stack_t stack = {.ss_sp = malloc(65536), .ss_size = 65536};
  sigaltstack(&stack, NULL);
  action.sa_flags |= SA_ONSTACK;
  sigaction(SIGSEGV, &action, NULL);
  frame_count = 0;
  if (sigsetjmp(jump, 1) == 0) {
    middle(1);
  }
  check("fault on another stack", true);
  return end();
}
