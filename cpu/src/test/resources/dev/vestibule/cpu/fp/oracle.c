// Executes single instructions for a test: reads records of operands, writes what came out.
// The instructions stand in operations[], which the test generates (one per operation:
// a subroutine with target register 0, operands 1, 2 and 3).
#include <signal.h>
#include <stdint.h>
#include <ucontext.h>
#include <unistd.h>

struct input {
  uint64_t registers[4][2];  // VSR and VR 0 to 3, doubleword elements 0 and 1
  uint64_t vscr[2];
  uint64_t fpscr;
  uint64_t operation;
};

struct output {
  uint64_t vsr[2];  // VSR 0
  uint64_t vr[2];   // VR 0
  uint64_t vscr[2];
  uint64_t fpscr;
  uint64_t cr;
};

extern void (*const operations[])(void);
extern void execute(const struct input *in, struct output *out, void (*operation)(void));

static struct input inputs[512];
static struct output outputs[512];

// An enabled exception: what the instruction did to the registers stays, go on behind it.
static void skip(int signal, siginfo_t *info, void *context) {
  ((ucontext_t *)context)->uc_mcontext.regs->nip += 4;
}

static size_t fill(void *buffer, size_t size) {
  size_t have = 0;
  while (have < size) {
    ssize_t got = read(0, (char *)buffer + have, size - have);
    if (got <= 0) break;
    have += got;
  }
  return have;
}

static int flush(const void *buffer, size_t size) {
  size_t done = 0;
  while (done < size) {
    ssize_t put = write(1, (const char *)buffer + done, size - done);
    if (put <= 0) return 1;
    done += put;
  }
  return 0;
}

int main(void) {
  struct sigaction action = {.sa_sigaction = skip, .sa_flags = SA_SIGINFO};
  if (sigaction(SIGFPE, &action, 0) != 0) return 1;
  for (;;) {
    size_t count = fill(inputs, sizeof inputs) / sizeof inputs[0];
    if (count == 0) return 0;
    for (size_t i = 0; i < count; i++) {
      execute(&inputs[i], &outputs[i], operations[inputs[i].operation]);
    }
    if (flush(outputs, count * sizeof outputs[0])) return 1;
  }
}
