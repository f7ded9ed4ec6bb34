/* What do restartable sequences do in a thread without a registration? The first looks at cpu_id as
   librseq's do and takes its fallback; the second does not, and commits. */
#include "rule.h"

#include <stdio.h>

static __thread struct area mine;
static long counter;

#ifdef __powerpc64__
#define LOAD "ld"
#define STORE "std"
#define POINTER ".quad "
#else
#define LOAD "lwz"
#define STORE "stw"
#define POINTER ".long 0, "
#endif

/* Descriptors lie where librseq puts them, for debuggers. */
#define SEQUENCE(name, body) \
  ".pushsection __rseq_cs,\"aw\"\n.balign 32\n.long 0, 0\n" POINTER #name "_start\n" \
  ".quad " #name "_end-" #name "_start\n" POINTER #name "_abort\n.popsection\n" \
  #name "_start:\n" body LOAD " 5,0(%[counter])\naddi 5,5,1\n" STORE " 5,0(%[counter])\n" \
  #name "_end:\nli %[done],1\nb 9f\n.long 0x0fe5000b\n" #name "_abort:\nli %[done],0\n9:\n"

/* cpu_id is compared with the CPU that the caller has found, as the first thing in a sequence. */
static __attribute__((noinline, noclone)) int careful(uint32_t cpu) {
  int done;
  __asm__ volatile(SEQUENCE(careful, "lwz 5,4(%[area])\ncmplw 5,%[cpu]\nbne careful_abort\n")
                   : [done] "=&r"(done)
                   : [area] "b"(&mine), [cpu] "r"(cpu), [counter] "b"(&counter)
                   : "r5", "cr0", "memory");
  return done;
}

static __attribute__((noinline, noclone)) int careless(void) {
  int done;
  __asm__ volatile(SEQUENCE(careless, "")
                   : [done] "=&r"(done)
                   : [counter] "b"(&counter)
                   : "r5", "memory");
  return done;
}

int main(void) {
  mine.cpu_id = UNINITIALIZED;
  int first = careful(mine.cpu_id_start);
  puts(first ? "careful: committed" : "careful: fallback");
  int second = careless();
  puts(second ? "careless: committed" : "careless: fallback");
  int right = !first && second && counter == 1;
  puts(right ? "ok sequences" : "FAIL sequences");
  return !right;
}
