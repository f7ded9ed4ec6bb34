#include "guest.h"

#include <linux/mman.h>
#include <asm/signal.h>
#include <linux/sched.h>

/* rt_sigaction's argument; the kernel's own sigaction type has this layout on both machines. */
struct action {
  signal_handler *handler;
  unsigned long flags;
  void (*restorer)(void);
  uint64_t mask;
};

void restore_signal(void);

long on_signal(int number, signal_handler *handler, unsigned long flags) {
  struct action action = {.handler = handler, .flags = flags};
#if defined __x86_64__
  action.flags |= SA_RESTORER;
  action.restorer = restore_signal;
#endif
  return sys(rt_sigaction, number, &action, NULL, sizeof action.mask);
}

void send_self(int number) {
  sys(tgkill, own_pid(), own_tid(), number);
}

void *map(void *at, size_t size, int protection, int flags, int fd, unsigned long offset) {
#ifdef __NR_mmap2
  /* Its unit is 4096 bytes whatever the page size (mmap2(2)). */
  return (void *)sys(mmap2, at, size, protection, flags, fd, offset >> 12);
#else
  return (void *)sys(mmap, at, size, protection, flags, fd, offset);
#endif
}

bool is_error(const void *address) {
  return (unsigned long)address > -4096UL;
}

unsigned long code_address(const void *function) {
#if defined __powerpc64__ && _CALL_ELF != 2
  return *(const unsigned long *)function;
#else
  return (unsigned long)function;
#endif
}

long clone_thread(void (*function)(void *), void *argument, void *top, unsigned long flags, int *id,
                  unsigned long tls);

long start_thread(void (*function)(void *), void *argument, void *top, int *id, unsigned long tls) {
  unsigned long flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
                        CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
  return clone_thread(function, argument, top, flags, id, tls);
}

unsigned long thread_pointer(void) {
#if defined __powerpc64__
  register unsigned long value __asm__("r13");
  __asm__ volatile("" : "=r"(value));
  return value;
#elif defined __powerpc__
  register unsigned long value __asm__("r2");
  __asm__ volatile("" : "=r"(value));
  return value;
#else
  unsigned long value;
  __asm__ volatile("movq %%fs:0, %0" : "=r"(value));
  return value;
#endif
}

uint64_t read_timebase(void) {
#if defined __powerpc64__
  uint64_t value;
  __asm__ volatile("mftb %0" : "=r"(value));
  return value;
#elif defined __powerpc__
  uint32_t high, low, again;
  do {
    __asm__ volatile("mftbu %0\n\tmftb %1\n\tmftbu %2" : "=r"(high), "=r"(low), "=r"(again));
  } while (high != again);
  return (uint64_t)high << 32 | low;
#else
  uint32_t high, low;
  __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
  return (uint64_t)high << 32 | low;
#endif
}
