/* A library that would know who owns restartable sequences, rather than guess: shows what the
   machine's own file says of each thread, /proc/self/task/TID/rseq_owner. */
#define _GNU_SOURCE
#include "rule.h"

#include <pthread.h>
#include <stdio.h>

static void *show(void *thread) {
  char name[64], line[512];
  snprintf(name, sizeof name, "/proc/self/task/%ld/rseq_owner", (long)syscall(SYS_gettid));
  FILE *file = fopen(name, "r");
  if (file == NULL) {
    printf("%s: no such file\n", (char *)thread);
    return NULL;
  }
  while (fgets(line, sizeof line, file) != NULL) {
    printf("%s: %s", (char *)thread, line);
  }
  fclose(file);
  return NULL;
}

int main(void) {
  pthread_t second;
  show("first");
  int error = pthread_create(&second, NULL, show, "second");
  if (error == 0) {
    pthread_join(second, NULL);
  }
  return error != 0;
}
