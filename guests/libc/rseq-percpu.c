/* Do counters, lists and buffers of each CPU keep everything, however threads are preempted, moved
   and signalled in between? `rseq-percpu [OPERATIONS [THREADS]]`, operations of each thread. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/time.h>

#include "check.h"
#include "rseq.h"

enum { CPUS = 64, NODES = 500, ROOM = 1000 };

static __thread struct area mine = {.cpu_id = (uint32_t)-1}; /* not registered */
static __thread long aborted, moved;
static __thread unsigned chance;

struct node {
  struct node *next;
  atomic_int found;
};

/* What each CPU has, a cache line and more apart. */
static struct cpu {
  long count, signals;
  struct node *list;
  long used;
  struct node *held[ROOM];
} cpus[CPUS] __attribute__((aligned(256)));

static struct node listed[NODES], buffered[NODES];

SEQUENCE(add);
SEQUENCE(push);
SEQUENCE(pop);
SEQUENCE(put);
SEQUENCE(take);
static struct sequence adding, pushing, popping, putting, taking;

/* A sequence that is left with 2 where the thread no longer runs on the CPU it began with, and with
   3 from label 7. The loop is where it can be interrupted. */
#ifdef __powerpc__
#define ON_CPU(name, body, commit) \
  STORE " %[sequence]," POINTER "(%[area])\n" #name "_start:\n" \
        "lwz 6,4(%[area])\ncmpw 6,%[cpu]\nbne 8f\n" body "mtctr %[spins]\n1: bdnz 1b\n" commit \
        #name "_end:\nli %[left],0\nb 9f\n7:\nli %[left],3\nb 9f\n8:\nli %[left],2\nb 9f\n.long 0x0fe5000b\n" #name \
        "_abort:\nli %[left],1\n9:\n"
#define CLOBBERS "r5", "r6", "r7", "cr0", "ctr", "memory"
#else
#define ON_CPU(name, body, commit) \
  "movq %[sequence],8(%[area])\n" #name "_start:\n" \
  "cmpl %[cpu],4(%[area])\njne 8f\n" body "movq %[spins],%%r8\n1: decq %%r8\njnz 1b\n" commit \
  #name "_end:\nxorl %[left],%[left]\njmp 9f\n7:\nmovl $3,%[left]\njmp 9f\n" \
  "8:\nmovl $2,%[left]\njmp 9f\n" \
  ".byte 0x0f,0xb9,0x3d\n.long 0x53053053\n" #name "_abort:\nmovl $1,%[left]\n9:\n"
#define CLOBBERS "r8", "r9", "r10", "r11", "cc", "memory"
#endif
#define OPERANDS(of) \
  [area] ADDRESS(&mine), [cpu] "r"(cpu), [sequence] "r"(of), [spins] "r"(spins)

/* Where operands differ: addresses need another register than 0 on Power. */
#ifdef __powerpc__
#define CODE(power, intel) power
#define ADDRESS "b"
#else
#define CODE(power, intel) intel
#define ADDRESS "r"
#endif
/* Register 7 = register 5 in bytes of a word; compare with 0. */
#ifdef __powerpc64__
#define SHIFT "sldi 7,5,3"
#define CMP0 "cmpdi"
#else
#define SHIFT "slwi 7,5,2"
#define CMP0 "cmpwi"
#endif

/* *where += 1 */
static ONCE int add(int cpu, long spins, long *where) {
  int left;
  __asm__ volatile(CODE(ON_CPU(add, LOAD " 5,0(%[where])\naddi 5,5,1\n", STORE " 5,0(%[where])\n"),
                        ON_CPU(add, "movq (%[where]),%%r9\nincq %%r9\n", "movq %%r9,(%[where])\n"))
                   : [left] "=&r"(left)
                   : OPERANDS(&adding), [where] ADDRESS(where)
                   : CLOBBERS);
  return left;
}

/* node->next = *list, *list = node */
static ONCE int push(int cpu, long spins, struct node **list, struct node *node) {
  int left;
  __asm__ volatile(
      CODE(ON_CPU(push, LOAD " 5,0(%[list])\n" STORE " 5,0(%[node])\n", STORE " %[node],0(%[list])\n"),
           ON_CPU(push, "movq (%[list]),%%r9\nmovq %%r9,(%[node])\n", "movq %[node],(%[list])\n"))
      : [left] "=&r"(left)
      : OPERANDS(&pushing), [list] ADDRESS(list), [node] ADDRESS(node)
      : CLOBBERS);
  return left;
}

/* *node = *list, *list = (*node)->next; left with 3 where the list is empty */
static ONCE int pop(int cpu, long spins, struct node **list, struct node **node) {
  int left;
  __asm__ volatile(
      CODE(ON_CPU(pop,
                  LOAD " 5,0(%[list])\n" CMP0 " 5,0\nbeq 7f\n" STORE " 5,0(%[node])\n" LOAD " 7,0(5)\n",
                  STORE " 7,0(%[list])\n"),
           ON_CPU(pop,
                  "movq (%[list]),%%r9\ntestq %%r9,%%r9\njz 7f\nmovq %%r9,(%[node])\n"
                  "movq (%%r9),%%r10\n",
                  "movq %%r10,(%[list])\n"))
      : [left] "=&r"(left)
      : OPERANDS(&popping), [list] ADDRESS(list), [node] ADDRESS(node)
      : CLOBBERS);
  return left;
}

/* held[used] = node, used += 1 */
static ONCE int put(int cpu, long spins, long *used, struct node *node) {
  int left;
  __asm__ volatile(
      CODE(ON_CPU(put,
                  LOAD " 5,0(%[used])\naddi 5,5,1\n" SHIFT "\nadd 7,7,%[used]\n" STORE " %[node],0(7)\n",
                  STORE " 5,0(%[used])\n"),
           ON_CPU(put, "movq (%[used]),%%r9\nincq %%r9\nmovq %[node],(%[used],%%r9,8)\n",
                  "movq %%r9,(%[used])\n"))
      : [left] "=&r"(left)
      : OPERANDS(&putting), [used] ADDRESS(used), [node] "r"(node)
      : CLOBBERS);
  return left;
}

/* used -= 1, *node = held[used]; left with 3 where nothing is held */
static ONCE int take(int cpu, long spins, long *used, struct node **node) {
  int left;
  __asm__ volatile(
      CODE(ON_CPU(take,
                  LOAD " 5,0(%[used])\n" CMP0 " 5,0\nbeq 7f\n" SHIFT "\nadd 7,7,%[used]\n" LOAD
                       " 7,0(7)\n" STORE " 7,0(%[node])\naddi 5,5,-1\n",
                  STORE " 5,0(%[used])\n"),
           ON_CPU(take,
                  "movq (%[used]),%%r9\ntestq %%r9,%%r9\njz 7f\nmovq (%[used],%%r9,8),%%r10\n"
                  "movq %%r10,(%[node])\ndecq %%r9\n",
                  "movq %%r9,(%[used])\n"))
      : [left] "=&r"(left)
      : OPERANDS(&taking), [used] ADDRESS(used), [node] ADDRESS(node)
      : CLOBBERS);
  return left;
}

/* Tries an operation on the CPU the thread runs on until it is not interrupted. */
#define UNTIL_DONE(operation) \
  while (true) { \
    int cpu = (int)mine.cpu_id_start; \
    chance = chance * 1103515245 + 12345; \
    long spins = 1 + (chance >> 16) % 24; \
    struct cpu *here = &cpus[cpu]; \
    int left = operation; \
    aborted += left == 1; \
    if (left == 0 || left == 3) break; \
    moved += left == 2; \
  }

static atomic_long handled, all_aborted, all_moved;

static void count_signal(int signal) {
  (void)signal;
  if ((int)mine.cpu_id < 0) return; /* a thread that has not registered yet, or no longer is */
  UNTIL_DONE(add(cpu, spins, &here->signals));
  atomic_fetch_add(&handled, 1);
}

static long operations;

static void exchange(void) {
  struct node *node = NULL;
  UNTIL_DONE(pop(cpu, spins, &here->list, &node));
  if (node != NULL) UNTIL_DONE(push(cpu, spins, &here->list, node));
  node = NULL;
  UNTIL_DONE(take(cpu, spins, &here->used, &node));
  if (node != NULL) UNTIL_DONE(put(cpu, spins, &here->used, node));
}

static void *work(void *seed) {
  chance = (unsigned)(uintptr_t)seed;
  if (rseq(&mine, 32, 0, SIGNATURE) != 0) return NULL;
  for (long i = 0; i < operations; i++) {
    UNTIL_DONE(add(cpu, spins, &here->count));
    exchange();
  }
  rseq(&mine, 32, UNREGISTER, SIGNATURE);
  atomic_fetch_add(&all_aborted, aborted);
  atomic_fetch_add(&all_moved, moved);
  return &mine;
}

static bool everything_once(struct node *nodes) {
  for (int i = 0; i < NODES; i++) {
    if (atomic_load(&nodes[i].found) != 1) return false;
  }
  return true;
}

int main(int count, char **arguments) {
  begin();
  operations = count > 1 ? atol(arguments[1]) : 100000;
  int threads = count > 2 ? atoi(arguments[2]) : 4;
  adding = (struct sequence)DESCRIBE(add);
  pushing = (struct sequence)DESCRIBE(push);
  popping = (struct sequence)DESCRIBE(pop);
  putting = (struct sequence)DESCRIBE(put);
  taking = (struct sequence)DESCRIBE(take);
  OK(take_over() == 0 && threads > 0 && threads <= 64, "set up");
  long online = sysconf(_SC_NPROCESSORS_ONLN);
  for (int i = 0; i < NODES; i++) {
    struct cpu *cpu = &cpus[i % online];
    listed[i].next = cpu->list;
    cpu->list = &listed[i];
    cpu->held[cpu->used++] = &buffered[i];
  }
  struct sigaction action = {.sa_handler = count_signal, .sa_flags = SA_RESTART};
  sigaction(SIGALRM, &action, NULL);
  struct itimerval often = {{0, 2000}, {0, 2000}}, never = {{0, 0}, {0, 0}};
  setitimer(ITIMER_REAL, &often, NULL);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGALRM);
  pthread_t thread[64];
  for (int i = 0; i < threads; i++) {
    pthread_create(&thread[i], NULL, work, (void *)(uintptr_t)(i + 1));
  }
  pthread_sigmask(SIG_BLOCK, &set, NULL); /* the others take them */
  bool worked = true;
  for (int i = 0; i < threads; i++) {
    void *did = NULL;
    pthread_join(thread[i], &did);
    worked &= did != NULL;
  }
  setitimer(ITIMER_REAL, &never, NULL);
  OK(worked, "every thread registered");
  long sum = 0, signals = 0;
  for (int i = 0; i < CPUS; i++) {
    sum += cpus[i].count;
    signals += cpus[i].signals;
    for (struct node *node = cpus[i].list; node != NULL; node = node->next) {
      if (atomic_fetch_add(&node->found, 1) > 1) break; /* a ring */
    }
    for (long n = 0; n < cpus[i].used && n < ROOM; n++) {
      atomic_fetch_add(&cpus[i].held[n]->found, 1);
    }
  }
  OK(sum == operations * threads, "the counters have counted everything");
  OK(signals == atomic_load(&handled), "in handlers, too");
  OK(everything_once(listed), "the lists have every node once");
  OK(everything_once(buffered), "so have the buffers");
  printf("%ld operations, %ld aborts, %ld moves, %ld signals\n", 5 * operations * threads,
         atomic_load(&all_aborted), atomic_load(&all_moved), atomic_load(&handled));
  return end();
}
