/* What gdb looks at: the vDSO's clock, a variable, a vector, threads, a fork and an exec. */
#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

volatile int watched;
static pthread_barrier_t barrier;
static volatile int done;

static long ask(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec;
}

static void *work(void *unused) {
  pthread_barrier_wait(&barrier);
  while (!done) {
    usleep(1000);
  }
  return NULL;
}

__attribute__((noinline)) void together(void) {
  done = 1;
}

int main(int count, char **arguments) {
  if (count > 1) {
    return 5;
  }
  pid_t child = fork();
  if (child == 0) {
    ask();
    ask();
    _exit(7); /* a breakpoint in its vDSO would have killed it */
  }
  int status = 0;
  waitpid(child, &status, 0);
  watched = 42;
  ask();
  pthread_t threads[2];
  pthread_barrier_init(&barrier, NULL, 3);
  for (int i = 0; i < 2; i++) {
    pthread_create(&threads[i], NULL, work, NULL);
  }
  pthread_barrier_wait(&barrier);
  together();
  for (int i = 0; i < 2; i++) {
    pthread_join(threads[i], NULL);
  }
  child = vfork();
  if (child == 0) {
    execl(arguments[0], arguments[0], "again", NULL);
    _exit(1);
  }
  int second = 0;
  waitpid(child, &second, 0);
  return WEXITSTATUS(status) * 10 + WEXITSTATUS(second);
}
