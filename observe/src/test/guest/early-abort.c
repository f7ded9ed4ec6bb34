/* Aborts, after having done first what its argument says. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void *thread(void *unused) { return unused; }

static void act(const char *what, const char *file) {
  char byte;
  if (!strcmp(what, "standard-error")) {
    write(2, "", 0);
  } else if (!strcmp(what, "read-file")) {
    int fd = open(file, O_RDONLY);
    read(fd, &byte, 1);
    close(fd);
  } else if (!strcmp(what, "thread")) {
    pthread_t id;
    pthread_create(&id, 0, thread, 0);
    pthread_join(id, 0);
  } else if (!strcmp(what, "standard-output")) {
    write(1, "", 0);
  } else if (!strcmp(what, "standard-input")) {
    read(0, &byte, 0);
  } else if (!strcmp(what, "fork")) {
    if (fork() == 0) _exit(0);
    wait(0);
  } else if (!strcmp(what, "create-file")) {
    close(open(file, O_CREAT | O_WRONLY, 0600));
  } else if (!strcmp(what, "shared-mapping")) {
    mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  } else if (!strcmp(what, "close-error")) {
    close(2);
  } else if (!strcmp(what, "other-signal")) {
    raise(SIGKILL);
  } else if (!strcmp(what, "exit")) {
    _exit(6);
  }
}

int main(int argc, char **argv) {
  act(argc > 1 ? argv[1] : "", argc > 2 ? argv[2] : "");
  abort();
}
