/* Does shared memory have all its pages after a while, those that nobody has mapped meanwhile among them? It says
 * "ready", waits for a file called "go" in the directory of its argument, and looks. */
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

#define KIB 1024
#define SIZE (1024 * KIB)
#define REST (256 * KIB) /* what stays mapped */

static bool untouched(const char *from, const char *to) {
  while (from < to && *from == 0) {
    from++;
  }
  return from == to;
}

int main(int count, char **arguments) {
  begin();
  char *go = NULL;
  asprintf(&go, "%s/go", count > 1 ? arguments[1] : ".");
  char *memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  OK(memory != MAP_FAILED, "shared memory");
  /* Two of the smallest pages in one of 64 KiB, and one in its neighbour. */
  memory[0] = 'a', memory[12 * KIB] = 'b', memory[64 * KIB] = 'c', memory[SIZE - 1] = 'z';
  OK(munmap(memory + REST, SIZE - REST) == 0, "unmapping most of it");
  int to[2];
  OK(pipe(to) == 0, "pipe");
  pid_t child = fork();
  if (child == 0) {
    char byte;
    if (read(to[0], &byte, 1) != 1) _exit(1);
    memory[1] = 'd';
    _exit(memory[0] == 'A' ? 0 : 2);
  }
  printf("ready\n");
  fflush(stdout);
  while (access(go, F_OK) != 0) {
    usleep(1000);
  }
  OK(memory[0] == 'a' && memory[12 * KIB] == 'b' && memory[64 * KIB] == 'c', "what is mapped");
  memory[0] = 'A';
  int status;
  OK(write(to[1], "x", 1) == 1 && waitpid(child, &status, 0) == child && status == 0, "the child sees it");
  OK(memory[1] == 'd', "and is seen");
  char *all = mremap(memory, REST, SIZE, MREMAP_MAYMOVE);
  OK(all != MAP_FAILED && all[SIZE - 1] == 'z', "what was not mapped");
  OK(untouched(all + 65 * KIB, all + SIZE - 1), "nothing else");
  return end();
}
