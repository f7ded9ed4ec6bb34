/* Where is the vDSO, for somebody who looks from outside? Brings its own vDSO into the state that the
 * first argument names, and ends with everything as it is then:
 *   stay    nothing
 *   move    moved, and nothing where it was
 *   replace moved, and plain executable memory where it was
 *   proxy   moved, and a copy of its bytes in plain memory where it was, as a checkpointer leaves it
 *   copy    where it was, and a copy of its bytes in plain memory elsewhere
 *   edit    where it was, with an instruction replaced as debuggers do
 *   unmap   gone */
#include "guest.h"

#include <linux/fcntl.h>
#include <linux/mman.h>

#define MOVE 3 /* MREMAP_MAYMOVE | MREMAP_FIXED */
#define ANYWHERE (MAP_PRIVATE | MAP_ANONYMOUS)

static unsigned long image, start, end; /* the mapping that holds the image */

static void find_mapping(void) {
  struct lines maps = {.fd = (int)sys(open, "/proc/self/maps", O_RDONLY, 0)};
  char line[256];
  while (next_line(&maps, line, sizeof line)) {
    const char *at = line;
    unsigned long from = parse_number(&at, 16);
    at++;
    unsigned long to = parse_number(&at, 16);
    if (from <= image && image < to) {
      start = from;
      end = to;
    }
  }
  sys(close, maps.fd);
}

/* Plain memory with the image's bytes in it, at a place or anywhere: data in front stays out, since it
 * changes while it is copied. */
static void *copy(void *at, unsigned long size) {
  unsigned char *to =
      map(at, size, PROT_READ | PROT_WRITE, at ? ANYWHERE | MAP_FIXED : ANYWHERE, -1, 0);
  memcpy(to + (image - start), (const void *)image, end - image);
  return to;
}

static void allow_execution(void *at, unsigned long size) {
  long result = sys(mprotect, at, size, PROT_READ | PROT_EXEC);
  expect(result == 0, "plain memory can be made executable");
}

static void *prepare(const char *what, unsigned long size) {
  if (strcmp(what, "proxy") == 0 || strcmp(what, "copy") == 0) {
    return copy(NULL, size);
  }
  return map(NULL, size, PROT_READ | PROT_WRITE, ANYWHERE, -1, 0);
}

static void move(const char *what, unsigned long size) {
  void *content = prepare(what, size);
  void *room = map(NULL, size, PROT_NONE, ANYWHERE, -1, 0);
  long moved = sys(mremap, start, size, size, MOVE, room);
  expect((void *)moved == room, "the vDSO can be moved");
  if (strcmp(what, "move") == 0) {
    sys(munmap, content, size);
    return;
  }
  long back = sys(mremap, content, size, size, MOVE, start);
  expect((unsigned long)back == start, "plain memory takes its place");
  allow_execution((void *)start, size);
}

static void edit(unsigned long size) {
  long result = sys(mprotect, start, size, PROT_READ | PROT_WRITE | PROT_EXEC);
  expect(result == 0, "the vDSO can be made writable");
  if (result == 0) {
    struct vdso vdso = vdso_at(image);
    void *function = (void *)vdso_function(&vdso, "__kernel_gettimeofday");
    if (function) {
      *(volatile uint32_t *)function = 0x7fe00008; /* trap */
    }
    result = sys(mprotect, start, size, PROT_READ | PROT_EXEC);
    expect(result == 0, "the vDSO can be made read-only again");
  }
}

int main(int argc, char **argv, char **envp) {
  (void)envp;
  const char *what = argc > 1 ? argv[1] : "stay";
  if (!auxiliary_value(AT_SYSINFO_EHDR, &image) || image == 0) {
    say("there is no vDSO");
    return finish();
  }
  find_mapping();
  unsigned long size = end - start;
  if (strcmp(what, "unmap") == 0) {
    expect(sys(munmap, start, size) == 0, "the vDSO can be unmapped");
  } else if (strcmp(what, "copy") == 0) {
    allow_execution(prepare(what, size), size);
  } else if (strcmp(what, "edit") == 0) {
    edit(size);
  } else if (strcmp(what, "stay") != 0) {
    move(what, size);
  }
  return finish();
}
