/*
 * Runs short sequences of instructions from standard input and shows on standard output what they
 * made of registers and memory. Every sequence ends in a signal: its own, or that of the trap
 * behind it. Freestanding, because the sequences destroy every register a C library relies on.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>

#define CODE 0x01800000ul
#define PAGE 0x30000000ul
#define PAGE_BYTES 4096
#define PAD_AT 1792
#define PAD_BYTES 512
#define WORDS 24
#define TRAP 0x7fe00008u
#define BATCH 32

typedef unsigned long long u64;

struct registers {
  u64 gpr[32];
  u64 vsr[64][2];
  u64 vscr[2];
  u64 lr, ctr, xer, cr, fpscr, tar, vrsave;
  u64 spare;
};

struct record {
  unsigned words[WORDS];
  struct registers registers;
  u64 pad[PAD_BYTES / 8];
};

struct outcome {
  u64 signal, code, nip, address;
  struct registers registers;
  u64 pad[PAD_BYTES / 8];
  u64 rest;
  u64 spare; /* Vectors are stored to it aligned. */
};

/* struct sigaction as the system call wants it. */
struct action {
  void (*handler)(int, siginfo_t *, ucontext_t *);
  unsigned long flags;
  void *restorer;
  unsigned long mask[8 / sizeof(long)];
};

long call(long number, long a, long b, long c, long d, long e, long f);
void enter(struct registers *registers) __attribute__((noreturn));
void save_live(struct registers *registers);

static struct record records[BATCH] __attribute__((aligned(16)));
static struct outcome outcomes[BATCH] __attribute__((aligned(16)));
static int index, count;
static char stack[65536] __attribute__((aligned(16)));

static void end(int status) {
  for (;;) {
    call(SYS_exit_group, status, 0, 0, 0, 0, 0);
  }
}

static void flush(void) {
  long left = count * (long)sizeof outcomes[0];
  char *at = (char *)outcomes;
  while (left > 0) {
    long written = call(SYS_write, 1, (long)at, left, 0, 0, 0);
    if (written <= 0) {
      end(2);
    }
    at += written;
    left -= written;
  }
}

static void fill(void) {
  long got = 0;
  do {
    long n = call(SYS_read, 0, (long)records + got, sizeof records - got, 0, 0, 0);
    if (n <= 0) {
      end(got == 0 ? 0 : 3);
    }
    got += n;
  } while (got % sizeof records[0] != 0);
  count = got / sizeof records[0];
  index = 0;
}

static void next(void) {
  if (index == count) {
    flush();
    fill();
  }
  struct record *current = &records[index];
  unsigned *code = (unsigned *)CODE;
  for (int i = WORDS; i < PAGE_BYTES / 4; i++) {
    code[i] = TRAP;
  }
  for (int i = 0; i < WORDS; i++) {
    code[i] = current->words[i];
    asm volatile("dcbst 0,%0; sync; icbi 0,%0" : : "r"(code + i) : "memory");
  }
  asm volatile("sync; isync" : : : "memory");
  u64 *page = (u64 *)PAGE;
  for (int i = 0; i < PAGE_BYTES / 8; i++) {
    page[i] = 0;
  }
  for (int i = 0; i < PAD_BYTES / 8; i++) {
    page[PAD_AT / 8 + i] = current->pad[i];
  }
  enter(&current->registers);
}

static void caught(int signal, siginfo_t *info, ucontext_t *context) {
  struct outcome *out = &outcomes[index++];
  struct registers *r = &out->registers;
  save_live(r);
#ifdef __powerpc64__
  unsigned long *gpr = context->uc_mcontext.gp_regs;
  double *fpscr = &context->uc_mcontext.fp_regs[32];
#else
  unsigned long *gpr = context->uc_mcontext.uc_regs->gregs;
  double *fpscr = &context->uc_mcontext.uc_regs->fpregs.fpscr;
#endif
  for (int i = 0; i < 32; i++) {
    r->gpr[i] = gpr[i];
  }
  out->nip = gpr[32];
  r->ctr = gpr[35];
  r->lr = gpr[36];
  r->xer = gpr[37];
  r->cr = gpr[38];
  r->fpscr = *(u64 *)fpscr;
  out->signal = signal;
  out->code = info->si_code;
  out->address = (unsigned long)info->si_addr;
  u64 *page = (u64 *)PAGE;
  u64 rest = 0;
  for (int i = 0; i < PAGE_BYTES / 8; i++) {
    if (i >= PAD_AT / 8 && i < (PAD_AT + PAD_BYTES) / 8) {
      out->pad[i - PAD_AT / 8] = page[i];
    } else {
      rest = rest * 31 + page[i];
    }
  }
  out->rest = rest;
  next();
}

static void map(unsigned long at, unsigned long bytes, int protection) {
#ifdef __powerpc64__
  long number = SYS_mmap;
#else
  long number = SYS_mmap2;
#endif
  int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
  if ((unsigned long)call(number, at, bytes, protection, flags, -1, 0) != at) {
    end(4);
  }
}

void start(void) {
  static stack_t alternate;
  static struct action action;
  static const int signals[] = {SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV};
  alternate.ss_sp = stack;
  alternate.ss_size = sizeof stack;
  call(SYS_sigaltstack, (long)&alternate, 0, 0, 0, 0, 0);
  action.handler = caught;
  action.flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  for (unsigned i = 0; i < sizeof signals / sizeof signals[0]; i++) {
    call(SYS_rt_sigaction, signals[i], (long)&action, 0, 8, 0, 0);
  }
  map(CODE, PAGE_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC);
  map(PAGE, PAGE_BYTES, PROT_READ | PROT_WRITE);
  next();
}
