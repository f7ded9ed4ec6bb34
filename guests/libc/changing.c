/* Is every page what it was last made to be, however it was made so? A process and its child change
 * random pages of their own in all the ways there are, and know what each has to hold. `changing DIR
 * SEED` goes on until there is DIR/go; while there is DIR/pause it only sleeps. */
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

enum { PAGE = 65536, PAGES = 96, SMALL = 4096, WORDS = PAGE / 4 };

static char *region;
static uint32_t holds[PAGES]; /* what a page was filled with, 0 for zeros */
static uint32_t state, filled;
static int ends[2];
static const char *directory;

static uint32_t next(void) {
  state ^= state << 13;
  state ^= state >> 17;
  return state ^= state << 5;
}

static char *at(unsigned page) { return region + (size_t)page * PAGE; }

static uint32_t word(uint32_t fill, unsigned i) { return fill ? fill * 2654435761u + i * 40503u : 0; }

static void fill(void *to, uint32_t with) {
  uint32_t *words = to;
  for (unsigned i = 0; i < WORDS; i++) words[i] = word(with, i);
}

static void verify(const char *who) {
  for (unsigned page = 0; page < PAGES; page++) {
    const uint32_t *words = (const uint32_t *)at(page);
    for (unsigned i = 0; i < WORDS; i++) {
      if (words[i] != word(holds[page], i)) {
        printf("FAIL %s: page %u word %u is %x, not %x\n", who, page, i, words[i], word(holds[page], i));
        fflush(stdout);
        _exit(1);
      }
    }
  }
}

/* Has the kernel write the page, as much at a time as a pipe takes. */
static void receive(unsigned page, uint32_t with) {
  static uint32_t source[WORDS];
  fill(source, with);
  for (size_t done = 0; done < PAGE; done += SMALL) {
    if (write(ends[1], (char *)source + done, SMALL) != SMALL || read(ends[0], at(page) + done, SMALL) != SMALL) {
      printf("FAIL pipe\n");
      _exit(1);
    }
  }
}

static void map(unsigned page) {
  mmap(at(page), PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static void fork_once(void) {
  pid_t child = fork();
  if (child == 0) {
    for (int i = 0; i < 4; i++) {
      unsigned page = next() % PAGES;
      fill(at(page), holds[page] = ++filled);
    }
    verify("a child that ends");
    _exit(0);
  }
  int status = -1;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
  if (status != 0) printf("FAIL child\n"), _exit(1);
}

static void step(void) {
  unsigned page = next() % PAGES, other = next() % PAGES;
  switch (next() % 40) {
    case 0: case 1: case 2:
      madvise(at(page), PAGE, MADV_DONTNEED);
      holds[page] = 0;
      break;
    case 3: case 4: case 5:
      munmap(at(page), PAGE);
      map(page);
      holds[page] = 0;
      break;
    case 6: case 7: case 8:
      if (page == other) break;
      mremap(at(page), PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, at(other));
      map(page);
      holds[other] = holds[page];
      holds[page] = 0;
      break;
    case 9:
      mprotect(at(page), PAGE, PROT_READ);
      mprotect(at(other), PAGE, PROT_NONE);
      mprotect(at(other), PAGE, PROT_READ | PROT_WRITE);
      mprotect(at(page), PAGE, PROT_READ | PROT_WRITE);
      break;
    case 10:
      fork_once();
      break;
    case 11: case 12: case 13: case 14: case 15: case 16:
      receive(page, holds[page] = ++filled);
      break;
    default:
      fill(at(page), holds[page] = ++filled);
  }
}

static int there(const char *name) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", directory, name);
  return access(path, F_OK) == 0;
}

int main(int argc, char **argv) {
  begin();
  directory = argv[1];
  state = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 0) | 1 : 1;
  region = mmap(NULL, (size_t)PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (unsigned page = 0; page < PAGES / 2; page++) fill(at(page), holds[page] = ++filled);
  printf("region %p %zu\nrunning\n", (void *)region, (size_t)PAGES * PAGE);
  fflush(stdout);
  pid_t child = fork();
  const char *who = child == 0 ? "the child" : "the parent";
  if (child == 0) state ^= 0x5bd1e995;
  if (pipe(ends) != 0) return 1;
  for (int paused = 0; !there("go");) {
    if (there("pause")) {
      if (!paused++) printf("paused %d\n", child == 0);
      nanosleep(&(struct timespec){0, 200000000}, NULL);
      continue;
    }
    paused = 0;
    for (int i = 0; i < 10; i++) step();
    verify(who);
  }
  verify(who);
  if (child == 0) return 0;
  int status = -1;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
  OK(status == 0, "all pages are what they were made to be");
  return end();
}
