/* Real work whose result is known: threads that allocate, pack, unpack and hash, and pass numbers through pipes to
 * a process each. `working DIR` goes on until there is DIR/go and says how far each thread came, and its sum;
 * `working DIR ROUNDS...` does as many rounds. */
#include <pthread.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

enum { THREADS = 4, BYTES = 3000 };

static const char *directory;
static volatile int stopping, fixed;

struct worker {
  pthread_t thread;
  uint32_t number, wanted, done;
  uint64_t sum;
  int to, from;
  pid_t partner;
};

static struct worker workers[THREADS];

static uint32_t next(uint32_t *state) {
  *state ^= *state << 13;
  *state ^= *state >> 17;
  return *state ^= *state << 5;
}

static uint64_t mix(uint64_t sum, uint64_t number) {
  sum = (sum ^ number) * UINT64_C(0x9e3779b97f4a7c15);
  return sum ^ sum >> 29;
}

static void must(int held, const char *what) {
  if (held) return;
  printf("FAIL %s: errno %d\n", what, errno);
  fflush(stdout);
  _exit(1);
}

/* Runs of equal bytes, as length and byte. */
static size_t pack(const uint8_t *from, size_t length, uint8_t *to) {
  size_t out = 0;
  for (size_t i = 0; i < length;) {
    size_t run = 1;
    while (i + run < length && run < 255 && from[i + run] == from[i]) run++;
    to[out++] = (uint8_t)run;
    to[out++] = from[i];
    i += run;
  }
  return out;
}

static size_t unpack(const uint8_t *from, size_t length, uint8_t *to) {
  size_t out = 0;
  for (size_t i = 0; i < length; i += 2) {
    memset(to + out, from[i + 1], from[i]);
    out += from[i];
  }
  return out;
}

static void transfer(int fd, void *bytes, size_t length, int writes) {
  for (size_t done = 0; done < length;) {
    ssize_t moved = writes ? write(fd, (char *)bytes + done, length - done)
                           : read(fd, (char *)bytes + done, length - done);
    must(moved > 0 || (moved < 0 && errno == EINTR), writes ? "write" : "read");
    if (moved > 0) done += (size_t)moved;
  }
}

static void one_round(struct worker *self) {
  uint32_t state = (self->number + 1) * 2654435761u + self->done;
  uint8_t *plain = malloc(BYTES), *packed = malloc(2 * BYTES), *again = malloc(BYTES);
  must(plain && packed && again, "malloc");
  for (size_t i = 0; i < BYTES;) {
    size_t run = next(&state) % 20 + 1;
    uint8_t byte = (uint8_t)next(&state);
    for (; run > 0 && i < BYTES; run--) plain[i++] = byte;
  }
  size_t length = pack(plain, BYTES, packed);
  must(unpack(packed, length, again) == BYTES && memcmp(plain, again, BYTES) == 0, "unpacks to what was packed");
  double root = 0;
  for (size_t i = 0; i < length; i++) {
    self->sum = mix(self->sum, packed[i]);
    root = root * 0.5 + packed[i];
  }
  uint64_t number = self->sum ^ (uint64_t)(root * 1024), answer = 0;
  transfer(self->to, &number, sizeof number, 1);
  transfer(self->from, &answer, sizeof answer, 0);
  must(answer == mix(number, self->number), "the partner's answer");
  self->sum = mix(self->sum, answer);
  free(again);
  free(packed);
  free(plain);
}

static void *work(void *argument) {
  struct worker *self = argument;
  while (fixed ? self->done < self->wanted : !stopping) {
    one_round(self);
    self->done++;
  }
  return NULL;
}

static void start(struct worker *self, uint32_t number, uint32_t wanted) {
  int there[2], back[2];
  must(pipe(there) == 0 && pipe(back) == 0, "pipe");
  self->number = number;
  self->wanted = wanted;
  self->partner = fork();
  if (self->partner == 0) {
    close(there[1]);
    close(back[0]);
    for (uint32_t other = 0; other < number; other++) close(workers[other].to);
    for (uint64_t value; read(there[0], &value, sizeof value) == sizeof value;) {
      value = mix(value, number);
      transfer(back[1], &value, sizeof value, 1);
    }
    _exit(0);
  }
  close(there[0]);
  close(back[1]);
  self->to = there[1];
  self->from = back[0];
}

int main(int argc, char **argv) {
  begin();
  directory = argv[1];
  fixed = argc > 2;
  for (uint32_t i = 0; i < THREADS; i++) {
    start(&workers[i], i, argc > 2 + (int)i ? (uint32_t)strtoul(argv[2 + i], NULL, 10) : 0);
  }
  for (int i = 0; i < THREADS; i++) pthread_create(&workers[i].thread, NULL, work, &workers[i]);
  char go[4096];
  snprintf(go, sizeof go, "%s/go", directory);
  while (!fixed && access(go, F_OK) != 0) usleep(2000);
  stopping = 1;
  uint64_t sum = 0;
  for (int i = 0; i < THREADS; i++) {
    pthread_join(workers[i].thread, NULL);
    sum = mix(sum, workers[i].sum);
    close(workers[i].to);
    int status = -1;
    while (waitpid(workers[i].partner, &status, 0) < 0 && errno == EINTR) {}
    must(status == 0, "a partner's end");
  }
  printf("rounds");
  for (int i = 0; i < THREADS; i++) printf(" %u", workers[i].done);
  printf(" sum %016llx\n", (unsigned long long)sum);
  return end();
}
