/* What every library here needs to register restartable sequences: rseq(2), linux/rseq.h. */
#ifndef RULE_H
#define RULE_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* glibc's signature for Power, which all registrants use so that their sequences agree. */
#define SIGNATURE 0x0fe5000bu
#define UNREGISTER 1

/* The least that kernels take, and its alignment. */
#define LENGTH 32

struct area {
  volatile uint32_t cpu_id_start, cpu_id;
  volatile uint64_t sequence;
  volatile uint32_t flags, node_id, mm_cid, rest;
} __attribute__((aligned(LENGTH)));

#define UNINITIALIZED ((uint32_t)-1)
#define FAILED ((uint32_t)-2)

/* Known to glibc 2.35 and later; a library that also runs under others asks whether they exist. */
extern const ptrdiff_t __rseq_offset __attribute__((weak));
extern const unsigned int __rseq_size __attribute__((weak));

static inline int libc_owns(void) {
  return &__rseq_size != NULL && __rseq_size != 0;
}

static inline struct area *libc_area(void) {
#ifdef __powerpc64__
  register char *thread __asm__("r13");
#else
  register char *thread __asm__("r2");
#endif
  return (struct area *)(thread + __rseq_offset);
}

/* 0 or an errno. */
static inline int registers(struct area *area) {
  return syscall(SYS_rseq, area, LENGTH, 0, SIGNATURE) == 0 ? 0 : errno;
}

static inline int unregisters(struct area *area) {
  return syscall(SYS_rseq, area, LENGTH, UNREGISTER, SIGNATURE) == 0 ? 0 : errno;
}

static inline const char *named(int error) {
  switch (error) {
    case 0: return "0";
    case EBUSY: return "EBUSY";
    case EINVAL: return "EINVAL";
    case ENOSYS: return "ENOSYS";
    case EPERM: return "EPERM";
    default: return "another error";
  }
}
#endif
