/* Do early adopters of restartable sequences get what they want, in two threads? Arguments, in order:
   tcmalloc, librseq. */
#include "rule.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

int tcmalloc_rule(void);
int librseq_rule(const char **owner);

static char **rules;
static int failures;

static int adopt(const char *rule) {
  if (strcmp(rule, "tcmalloc") == 0) {
    int slow = tcmalloc_rule();
    printf(slow == 0 ? "tcmalloc: fast\n" : "tcmalloc: slow mode, %s\n", named(slow));
    return slow != 0;
  }
  const char *owner = "nobody";
  int error = librseq_rule(&owner);
  printf("librseq: %s owns, %s\n", owner, named(error));
  return error != 0;
}

static void *all(void *thread) {
  puts(thread);
  for (char **rule = rules; *rule != NULL; rule++) {
    failures += adopt(*rule);
  }
  return NULL;
}

int main(int argc, char **argv) {
  (void)argc;
  pthread_t second;
  rules = argv + 1;
  all("first thread");
  if (pthread_create(&second, NULL, all, "second thread") != 0 ||
      pthread_join(second, NULL) != 0) {
    puts("FAIL no second thread");
    return 1;
  }
  puts(failures == 0 ? "ok adopters" : "FAIL adopters");
  return failures != 0;
}
