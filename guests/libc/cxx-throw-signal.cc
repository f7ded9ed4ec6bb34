// Can a C++ exception leave a signal handler? The unwinder has to step over the frame the kernel made,
// with the call-frame data of the vDSO, and find every register as it was at the fault.
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "check.h"

namespace {

struct Fault {
  int signal;
  void *address;
};

int destroyed;

struct Guard {
  ~Guard() { destroyed++; }
};

void throwing(int number, siginfo_t *info, void *) {
  Guard guard;
  throw Fault{number, info->si_addr};
}

volatile uintptr_t bad_address = 8;

__attribute__((noinline)) int load(volatile int *from) {
  Guard guard;
  return *from;
}

// The sums live in registers the callee must keep; after the throw they have to be what they were.
__attribute__((noinline)) bool kept(long a, long b, double x, double y) {
  long sums[6] = {a + b, a - b, a * 3, b * 5, a ^ b, a + 77};
  double products[4] = {x * y, x + y, x - y, x * 0.5};
  for (long &sum : sums) {
    asm volatile("" : "+r"(sum));
  }
  bool caught = false;
  try {
    load(reinterpret_cast<volatile int *>(bad_address));
  } catch (const Fault &) {
    caught = true;
  }
  return caught && sums[0] == a + b && sums[1] == a - b && sums[2] == a * 3 && sums[3] == b * 5 &&
         sums[4] == (a ^ b) && sums[5] == a + 77 && products[0] == x * y && products[1] == x + y &&
         products[2] == x - y && products[3] == x * 0.5;
}

__attribute__((noinline)) int deep(int levels) {
  Guard guard;
  if (levels == 0) {
    return load(reinterpret_cast<volatile int *>(bad_address));
  }
  return deep(levels - 1) + 1;
}

void *in_thread(void *result) {
  int caught = 0;
  for (int i = 0; i < 100; i++) {
    try {
      deep(i % 7);
    } catch (const Fault &) {
      caught++;
    }
  }
  *static_cast<int *>(result) = caught;
  return nullptr;
}

bool stack_is_executable() {
  FILE *maps = fopen("/proc/self/maps", "r");
  char line[512];
  bool executable = true;
  while (maps && fgets(line, sizeof line, maps)) {
    if (strstr(line, "[stack]")) {
      executable = strchr(line, ' ')[3] == 'x';
    }
  }
  if (maps) {
    fclose(maps);
  }
  return executable;
}

}  // namespace

int main() {
  begin();
  OK(!stack_is_executable(), "the stack is not executable");
  struct sigaction action = {};
  action.sa_sigaction = throwing;
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  OK(sigaction(SIGSEGV, &action, nullptr) == 0, "sigaction");

  try {
    load(reinterpret_cast<volatile int *>(bad_address));
    OK(false, "the load faults");
  } catch (const Fault &fault) {
    OK(fault.signal == SIGSEGV, "an exception leaves the handler");
    OK(fault.address == reinterpret_cast<void *>(bad_address), "with the faulting address");
  }
  OK(destroyed == 2, "destructors of the handler and of the function that faulted run");

  destroyed = 0;
  try {
    deep(10);
  } catch (...) {
  }
  OK(destroyed == 13, "destructors of every frame run");

  bool all = true;
  for (long i = 0; i < 1000; i++) {
    all &= kept(i * 7919, i + 3, i * 0.25, i + 0.5);
  }
  OK(all, "registers are as they were at the fault, 1000 times");

  bool rethrown = false;
  try {
    try {
      deep(3);
    } catch (const Fault &) {
      throw;
    }
  } catch (const Fault &) {
    rethrown = true;
  }
  OK(rethrown, "the exception can be thrown again");

  stack_t stack = {};
  stack.ss_size = 65536;
  stack.ss_sp = malloc(stack.ss_size);
  sigaltstack(&stack, nullptr);
  action.sa_flags |= SA_ONSTACK;
  sigaction(SIGSEGV, &action, nullptr);
  bool from_other_stack = false;
  try {
    deep(2);
  } catch (const Fault &) {
    from_other_stack = true;
  }
  OK(from_other_stack, "an exception leaves a handler on another stack");
  stack.ss_flags = SS_DISABLE;
  sigaltstack(&stack, nullptr);

  pthread_t threads[4];
  int caught[4] = {};
  for (int i = 0; i < 4; i++) {
    pthread_create(&threads[i], nullptr, in_thread, &caught[i]);
  }
  int sum = 0;
  for (int i = 0; i < 4; i++) {
    pthread_join(threads[i], nullptr);
    sum += caught[i];
  }
  OK(sum == 400, "four threads throw at the same time");
  return end();
}
