/* An unwinder that goes by call-frame data alone. A frame that is marked as a signal's was left at
 * its pc; any other was left by a call, one instruction before. A fault at a function's first
 * instruction shows who lacks the mark: it is taken for one in the function before. */
#include "guest.h"

#include <asm/sigcontext.h>
#include <asm/siginfo.h>
#include <asm/signal.h>
#include <asm/ucontext.h>

extern const char neighbour[], victim[], victim_end[];
__asm__(".section .text.victim,\"ax\"\n\t.align 2\n"
        ".globl neighbour, victim, victim_end\n"
        "neighbour:\n\tnop\n\tnop\n"
        "victim:\n\ttrap\n\tblr\n"
        "victim_end:\n\t.text\n");

static struct vdso vdso;
static volatile unsigned long return_address, fault;

static void handler(int number, void *info, void *context) {
  (void)number, (void)context;
  return_address = (unsigned long)__builtin_return_address(0);
  fault = (unsigned long)((siginfo_t *)info)->si_addr;
  struct ucontext *c = context;
#ifdef __powerpc64__
  c->uc_mcontext.gp_regs[PT_NIP] += 4;
#else
  c->uc_regs->mc_gregs[PT_NIP] += 4;
#endif
}

/* The letters of the frame description that covers an address; NULL without one. */
static const char *augmentation(unsigned long address) {
  const elf_header *header = (const elf_header *)vdso.image;
  const elf_segment *segment = (const elf_segment *)(vdso.image + header->e_phoff);
  for (unsigned i = 0; i < header->e_phnum; i++) {
    if (segment[i].p_type != 0x6474e550 /* PT_GNU_EH_FRAME */) {
      continue;
    }
    const unsigned char *table = (const unsigned char *)(vdso.bias + segment[i].p_vaddr);
    uint32_t count, back;
    int32_t entry[2];
    const unsigned char *best = NULL;
    memcpy(&count, table + 8, sizeof count);
    for (uint32_t k = 0; k < count; k++) {
      memcpy(entry, table + 12 + 8 * k, sizeof entry);
      if ((unsigned long)(table + entry[0]) <= address) {
        best = table + entry[1];
      }
    }
    if (best) {
      memcpy(&back, best + 4, sizeof back);
      return (const char *)(best + 4 - back + 9);
    }
  }
  return NULL;
}

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  vdso = vdso_open();
  if (!vdso.image) {
    fail("no vDSO");
    return finish();
  }
  on_signal(SIGTRAP, handler, SA_SIGINFO);
#ifdef __powerpc64__
  register const char *target __asm__("r12") = victim;
#else
  register const char *target __asm__("r11") = victim;
#endif
  __asm__ volatile("mtctr %0\n\tbctrl" : "+r"(target) : : "ctr", "lr", "memory");
  expect(fault == (unsigned long)victim, "the fault is at the first instruction");
  /* The frame of the handler's caller is looked up one before its return address. */
  const char *letters = augmentation(return_address);
  bool marked = letters && contains(letters, "S");
  unsigned long pc = marked ? fault : fault - 1;
  say("the trampoline's letters are %s", letters ? letters : "missing");
  if (pc < (unsigned long)victim) {
    fail("the fault is taken for one in the function before");
  }
  return finish();
}
