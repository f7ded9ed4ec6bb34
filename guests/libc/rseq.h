/* Restartable sequences without a library: rseq(2), linux/rseq.h. */
#ifndef RSEQ_H
#define RSEQ_H

#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/rseq.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef __powerpc__
#define SIGNATURE 0x0fe5000bu
#else
#define SIGNATURE 0x53053053u
#endif
#define UNREGISTER 1

struct area {
  volatile uint32_t cpu_id_start, cpu_id;
  volatile uint64_t sequence;
  volatile uint32_t flags, node_id, mm_cid, rest[9];
} __attribute__((aligned(64)));

struct sequence {
  uint32_t version, flags;
  uint64_t start, length, abort;
} __attribute__((aligned(32)));

static inline long rseq(const volatile void *area, uint32_t length, int flags, uint32_t signature) {
  return syscall(SYS_rseq, area, length, flags, signature);
}

/* Takes back what the C library has registered for this thread; threads begun later have nothing. */
static inline long take_over(void) {
#if defined __powerpc64__
  register char *thread __asm__("r13");
#elif defined __powerpc__
  register char *thread __asm__("r2");
#else
  char *thread = __builtin_thread_pointer();
#endif
  return __rseq_size == 0 ? 0 : rseq(thread + __rseq_offset, 32, UNREGISTER, SIGNATURE);
}

static inline uint64_t at(const void *pointer) {
  return (uintptr_t)pointer;
}

/* Instructions whose names depend on the word's size; the low half of a pointer in 64 bits. */
#if defined __powerpc64__
#define LOAD "ld"
#define STORE "std"
#define POINTER "8"
#elif defined __powerpc__
#define LOAD "lwz"
#define STORE "stw"
#define POINTER "12"
#endif

/* The labels of a sequence NAME, as its descriptor needs them. */
#define SEQUENCE(name) \
  extern char name##_start[] __attribute__((visibility("hidden"))); \
  extern char name##_end[] __attribute__((visibility("hidden"))); \
  extern char name##_abort[] __attribute__((visibility("hidden")))
#define DESCRIBE(name) \
  {0, 0, at(name##_start), (uint64_t)(name##_end - name##_start), at(name##_abort)}

/* Code of a sequence: what comes first, what it does, and its last instruction, which commits. */
#ifdef __powerpc__
#define SEQUENCE_CODE(name, body, commit) \
  STORE " %[sequence]," POINTER "(%[area])\n" #name "_start:\n" body commit #name "_end:\n" \
        "li %[aborted],0\nb 9f\n.long 0x0fe5000b\n" #name "_abort:\nli %[aborted],1\n9:\n"
#else
#define SEQUENCE_CODE(name, body, commit) \
  "movq %[sequence],8(%[area])\n" #name "_start:\n" body commit #name "_end:\n" \
  "xorl %[aborted],%[aborted]\njmp 9f\n.byte 0x0f,0xb9,0x3d\n.long 0x53053053\n" #name \
  "_abort:\nmovl $1,%[aborted]\n9:\n"
#endif
#define ONCE __attribute__((noinline, noclone))
#endif
