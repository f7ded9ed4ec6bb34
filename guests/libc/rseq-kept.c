/* Is what the C library has registered for restartable sequences kept up wherever the program goes
 * on? `rseq-kept DIR` waits until there is DIR/go. The program that it executes then must have what
 * the kernel there gives to all. */
#include <pthread.h>
#include <sched.h>
#include <sys/wait.h>

#include "check.h"
#include "rseq.h"

static int last; /* CPU, the only one for some kernels */

static int own_cpu(void) {
#if defined __powerpc64__
  register char *thread __asm__("r13");
#elif defined __powerpc__
  register char *thread __asm__("r2");
#else
  char *thread = __builtin_thread_pointer();
#endif
  return *(volatile int *)(thread + __rseq_offset + 4);
}

static bool told(int cpu) {
  cpu_set_t set;
  unsigned current = 99;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  return sched_setaffinity(0, sizeof set, &set) == 0 && own_cpu() == cpu && sched_getcpu() == cpu &&
         syscall(SYS_getcpu, &current, NULL, NULL) == 0 && (int)current == cpu;
}

static void *in_thread(void *unused) {
  (void)unused;
  return told(last) ? &failures : NULL;
}

static int child(void) {
  int status;
  pid_t pid = fork();
  if (pid == 0) _exit(told(last) ? 0 : 1);
  return waitpid(pid, &status, 0) == pid ? status : -1;
}

int main(int count, char **arguments) {
  begin();
  if (count > 2) { /* executed again */
    bool known = rseq(NULL, 0, 0, SIGNATURE) == -1 && errno != ENOSYS;
    OK(known == (own_cpu() >= 0), "another program has what its kernel has");
    printf("the kernel has %srseq\n", known ? "" : "no ");
    return end();
  }
  OK(own_cpu() >= 0, "the C library has registered");
  char go[4096];
  snprintf(go, sizeof go, "%s/go", arguments[1]);
  puts("waiting");
  while (access(go, F_OK) != 0) usleep(1000);
  last = (int)sysconf(_SC_NPROCESSORS_ONLN) - 1;
  OK(told(0) && told(last) && told(0), "the first thread is told its CPU");
  pthread_t thread;
  void *result = NULL;
  OK(pthread_create(&thread, NULL, in_thread, NULL) == 0, "a thread begins");
  pthread_join(thread, &result);
  OK(result != NULL, "and is told its CPU");
  OK(child() == 0, "so is a child");
  if (failures) return end();
  execl(arguments[0], arguments[0], arguments[1], "again", (char *)NULL);
  return 2;
}
