/* How does a signal handler return, and is everything as it was afterwards? The kernel points the
 * handler's return address at a trampoline in the vDSO, or writes one on the stack. */
#include "guest.h"

#include <linux/mman.h>
#include <asm/sigcontext.h>
#include <asm/siginfo.h>
#include <asm/signal.h>
#include <asm/ucontext.h>

static struct vdso vdso;
static volatile int depth, deepest, runs;
static volatile unsigned long return_address, handler_stack;
static siginfo_t last_info;

#if defined __powerpc__
#define HAS_ALTIVEC 0x10000000ul

struct registers {
  unsigned long gpr[32], cr, xer, ctr, lr;
  uint64_t fpr[32], fpscr;
  uint32_t vr[32][4] __attribute__((aligned(16)));
};

/* Loads IN (all but r1, r2 and r13), executes a trap instruction, stores what is there to OUT. */
void register_trip(const struct registers *in, struct registers *out, int with_vectors);
extern const char register_trip_trap[];

static unsigned long *general_registers(void *context) {
  struct ucontext *c = context;
#ifdef __powerpc64__
  return c->uc_mcontext.gp_regs;
#else
  return (unsigned long *)c->uc_regs->mc_gregs; /* elf_greg_t is unsigned int here */
#endif
}
#endif

static void note_entry(void *from) {
  return_address = (unsigned long)from;
  handler_stack = (unsigned long)__builtin_frame_address(0);
  runs++;
  depth++;
  deepest = depth > deepest ? depth : deepest;
}

static void with_information(int number, void *info, void *context) {
  (void)number, (void)context;
  note_entry(__builtin_return_address(0));
  last_info = *(siginfo_t *)info;
  depth--;
}

static void plain(int number, void *info, void *context) {
  (void)number, (void)info, (void)context;
  note_entry(__builtin_return_address(0));
  depth--;
}

static void nesting(int number, void *info, void *context) {
  (void)info, (void)context;
  note_entry(__builtin_return_address(0));
  static bool sent;
  if (number == SIGUSR1 && !sent) {
    int before = runs;
    sent = true;
    send_self(SIGUSR1);
    expect(runs == before, "a signal is blocked in its own handler");
    send_self(SIGUSR2);
    expect(runs == before + 1, "another signal interrupts a handler");
  }
  depth--;
}

static void blocking(int number, void *info, void *context) {
  (void)number, (void)info;
  struct ucontext *c = context;
  runs++;
  /* The first word of a signal set has the signals from 1. */
  *(unsigned long *)&c->uc_sigmask |= 1ul << (SIGUSR2 - 1);
}

static bool is_on_stack(unsigned long address) {
  unsigned long here = (unsigned long)__builtin_frame_address(0);
  return address > here - 65536 && address < here + 65536;
}

static void check_trampoline(const char *symbol, unsigned call) {
#if defined __powerpc__
  const uint32_t *code = (const uint32_t *)return_address;
  const void *expected = vdso_function(&vdso, symbol);
  bool in_vdso = vdso.image && return_address - (unsigned long)vdso.image < vdso.size;
  say("handler returns to 0x%lx, %s", return_address,
      in_vdso ? "in the vDSO" : is_on_stack(return_address) ? "on the stack" : "somewhere else");
  if (expected) {
    expect(return_address == (unsigned long)expected, symbol);
  } else {
    say("no %s in %s", symbol, vdso.image ? "this vDSO" : "the absent vDSO");
  }
#ifdef __powerpc64__
  expect(*code++ == 0x38210080, "the trampoline first drops the handler's frame");
#endif
  expect(code[0] == (0x38000000 | call), "the trampoline loads the number of a sigreturn call");
  expect(code[1] == 0x44000002, "and calls it");
#else
  (void)symbol, (void)call, (void)is_on_stack;
#endif
}

static void trampolines(void) {
#if defined __powerpc64__
  const char *with_frame = "__kernel_sigtramp_rt64", *without = with_frame;
  unsigned number_without = __NR_rt_sigreturn;
#elif defined __powerpc__
  const char *with_frame = "__kernel_sigtramp_rt32", *without = "__kernel_sigtramp32";
  unsigned number_without = __NR_sigreturn;
#else
  const char *with_frame = "", *without = "";
  unsigned number_without = 0;
#endif
  expect(on_signal(SIGUSR1, with_information, SA_SIGINFO) == 0, "sigaction with SA_SIGINFO");
  send_self(SIGUSR1);
  expect(runs == 1, "the handler ran");
  check_trampoline(with_frame, __NR_rt_sigreturn);
  expect(last_info.si_signo == SIGUSR1, "si_signo");
  expect(last_info.si_code == SI_TKILL, "si_code of tgkill is SI_TKILL");
  expect(last_info.si_pid == own_pid(), "si_pid is the sender");
  expect((long)last_info.si_uid == sys(getuid), "si_uid is the sender's");
  sys(kill, own_pid(), SIGUSR1);
  expect(runs == 2 && last_info.si_code == SI_USER, "si_code of kill is SI_USER");

  expect(on_signal(SIGUSR1, plain, 0) == 0, "sigaction without SA_SIGINFO");
  send_self(SIGUSR1);
  expect(runs == 3, "the handler without SA_SIGINFO ran");
  check_trampoline(without, number_without);
}

static void nested(void) {
  runs = deepest = 0;
  on_signal(SIGUSR1, nesting, SA_SIGINFO);
  on_signal(SIGUSR2, nesting, SA_SIGINFO);
  send_self(SIGUSR1);
  expect(runs == 3, "the blocked signal comes after its handler");
  uint64_t all = ~0ull, old;
  on_signal(SIGUSR1, plain, 0);
  sys(rt_sigprocmask, SIG_SETMASK, &all, &old, sizeof all);
  runs = 0;
  send_self(SIGUSR2);
  expect(runs == 0, "a blocked signal waits");
  on_signal(SIGUSR2, plain, 0);
  sys(rt_sigprocmask, SIG_SETMASK, &old, NULL, sizeof all);
  expect(runs == 1, "it comes once it is unblocked");

  runs = 0;
  on_signal(SIGUSR1, blocking, SA_SIGINFO);
  send_self(SIGUSR1);
  send_self(SIGUSR2);
  expect(runs == 1, "the mask in the context holds after the handler");
  sys(rt_sigprocmask, SIG_SETMASK, &old, NULL, sizeof all);
  expect(runs == 2, "until it is changed");

  runs = 0;
  on_signal(SIGUSR1, plain, SA_RESETHAND);
  send_self(SIGUSR1);
  struct {
    unsigned long handler, flags, restorer;
    uint64_t mask;
  } action = {.handler = 1};
  sys(rt_sigaction, SIGUSR1, NULL, &action, sizeof action.mask);
  expect(runs == 1 && action.handler == 0, "SA_RESETHAND");
  say("nested to depth %d", deepest);
  expect(deepest == 2, "signals nest");
}

static void alternate_stack(void) {
  enum { SIZE = 65536 };
  unsigned char *memory =
      map(NULL, SIZE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  stack_t stack = {.ss_sp = memory, .ss_size = SIZE};
  expect(sys(sigaltstack, &stack, NULL) == 0, "sigaltstack");
  on_signal(SIGUSR1, plain, SA_ONSTACK);
  send_self(SIGUSR1);
  expect(handler_stack - (unsigned long)memory < SIZE, "SA_ONSTACK runs on the other stack");
  stack.ss_flags = 2 /* SS_DISABLE */;
  sys(sigaltstack, &stack, NULL);
  send_self(SIGUSR1);
  expect(handler_stack - (unsigned long)memory >= SIZE, "but not once that is disabled");
}

#if defined __powerpc__
static struct registers in, out;
static volatile int trap_seen;

static void on_trap(int number, void *info, void *context) {
  const siginfo_t *what = info;
  unsigned long *gpr = general_registers(context);
  trap_seen++;
  expect(number == SIGTRAP && what->si_code == 1 /* TRAP_BRKPT */, "a trap is TRAP_BRKPT");
  expect(what->si_addr == register_trip_trap, "si_addr is the trap instruction");
  expect(gpr[PT_NIP] == (unsigned long)register_trip_trap, "the context's nip is the trap");
  int wrong = 0;
  for (int i = 0; i < 32; i++) {
    wrong += i != 1 && i != 2 && i != 13 && gpr[i] != in.gpr[i];
  }
  expect(wrong == 0, "the context has the general registers");
  expect(gpr[PT_CTR] == in.ctr && gpr[PT_LNK] == in.lr, "the context has CTR and LR");
  expect(gpr[PT_CCR] == in.cr && gpr[PT_XER] == in.xer, "the context has CR and XER");
#ifdef __powerpc64__
  struct ucontext *c = context;
  expect((unsigned long *)c->uc_mcontext.regs == gpr, "the context points to its registers");
#endif
  /* Spoil what the way back has to restore. */
  double junk = -1.0;
  __asm__ volatile("mtfsf 255,%0" : : "d"(junk) : "memory");
  __asm__ volatile("fmr 14,%0\n\tfmr 31,%0\n\tfmr 0,%0" : : "d"(junk) : "fr0", "fr14", "fr31");
  gpr[PT_NIP] += 4;
  gpr[31] ^= 0xff;
}

static void preserved(void) {
  unsigned long has = 0;
  auxiliary_value(AT_HWCAP, &has);
  bool vectors = has & HAS_ALTIVEC;
  unsigned long seed = 0x1234567;
  for (int i = 0; i < 32; i++) {
    seed = seed * 1103515245 + 12345;
    in.gpr[i] = seed;
    in.fpr[i] = 0x3ff0000000000000ull + ((uint64_t)seed << 8);
    for (int k = 0; k < 4; k++) {
      in.vr[i][k] = (uint32_t)seed * (unsigned)(k + 3);
    }
  }
  in.cr = 0x5a3c96e1;
  in.xer = 0xa0000013; /* SO, CA, a string length of 19 */
  in.ctr = 0x1357;
  in.lr = 0x2468ace0;
  in.fpscr = 0x82005002; /* FX, XX, a result class, rounding up */
  on_signal(SIGTRAP, on_trap, SA_SIGINFO);
  register_trip(&in, &out, vectors);
  expect(trap_seen == 1, "the trap was taken once");
  for (int i = 0; i < 32; i++) {
    unsigned long expected = i == 31 ? in.gpr[i] ^ 0xff : in.gpr[i];
    if (i != 1 && i != 2 && i != 13 && out.gpr[i] != expected) {
      fail("r%d is %lx, was %lx", i, out.gpr[i], expected);
    }
    if (out.fpr[i] != in.fpr[i]) {
      fail("f%d is %llx, was %llx", i, (unsigned long long)out.fpr[i],
           (unsigned long long)in.fpr[i]);
    }
    if (vectors && memcmp(out.vr[i], in.vr[i], 16) != 0) {
      fail("v%d changed", i);
    }
  }
  if (out.cr != in.cr || out.xer != in.xer || out.ctr != in.ctr || out.lr != in.lr) {
    fail("CR %lx XER %lx CTR %lx LR %lx", out.cr, out.xer, out.ctr, out.lr);
  }
  if ((uint32_t)out.fpscr != (uint32_t)in.fpscr) {
    fail("FPSCR %x, was %x", (uint32_t)out.fpscr, (uint32_t)in.fpscr);
  }
  say("registers are as they were, %s vectors", vectors ? "with" : "without");
}
#endif

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  vdso = vdso_open();
  trampolines();
  nested();
  alternate_stack();
#if defined __powerpc__
  preserved();
#endif
  return finish();
}
