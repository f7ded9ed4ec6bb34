/* What the kernel makes of a program that moves, unmaps, splits or writes its handed pages. The first
 * argument says what to do, the second what to look at then:
 *   code, both, vvar           move the mapping with the image, all mappings, or the data's alone
 *   gone                       unmap all
 *   part-unmap, part-move, part-protect, part-replace   do that with one page of a larger mapping
 *   part-refused               an munmap of the vDSO's address that goes wrong halfway
 *   poke-data, poke-code       write through /proc/self/mem what is there already
 *   clock      the vDSO's clock agrees with the system call's, and goes on
 *   coarse     the vDSO's coarse clock goes on
 *   name       /proc/self/maps calls the mapping with the image [vdso]
 *   handler    a signal handler returns
 *   handler-x  the same with an executable stack
 *   fork       the same in a child */
#include "guest.h"

#include <asm/signal.h>
#include <linux/fcntl.h>
#include <linux/mman.h>

#define MOVE 3 /* MREMAP_MAYMOVE | MREMAP_FIXED */

struct area {
  unsigned long start, end;
  bool named;
};

static unsigned long page = 4096, image;
static struct area code, data; /* data: a mapping of its own, empty where there is none */
static volatile int taken;

/* The mapping that holds an address, and [vvar]. */
static void find_areas(void) {
  struct lines maps = {.fd = (int)sys(open, "/proc/self/maps", O_RDONLY, 0)};
  char line[256];
  code = data = (struct area){0};
  while (next_line(&maps, line, sizeof line)) {
    const char *at = line;
    struct area area;
    area.start = parse_number(&at, 16);
    at++;
    area.end = parse_number(&at, 16);
    area.named = contains(line, "[vdso]");
    if (area.start <= image && image < area.end) {
      code = area;
    } else if (contains(line, "[vvar]")) {
      data = area;
    }
  }
  sys(close, maps.fd);
}

/* Free address space around a place for SIZE bytes, none of it mapped. */
static unsigned long free_room(unsigned long size) {
  unsigned long whole = size + 64 * page;
  void *room = map(NULL, whole, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  sys(munmap, room, whole);
  return (unsigned long)room + 32 * page;
}

static bool move(const struct area *area, unsigned long to) {
  long result = sys(mremap, area->start, area->end - area->start, area->end - area->start, MOVE, to);
  if ((unsigned long)result != to) {
    fail("mremap of %lu pages: error %ld", (area->end - area->start) / page, -result);
    return false;
  }
  if (area->start <= image && image < area->end) {
    image += to - area->start;
  }
  return true;
}

static void move_both(void) {
  unsigned long to = free_room(code.end - code.start + data.end - data.start);
  if (data.end != 0) {
    move(&data, to);
    to += code.start - data.start;
  }
  move(&code, to);
}

/* A mapping of the handed pages that has more than one page. */
static struct area *large(void) {
  return code.end - code.start > page ? &code : &data;
}

static void parts(const char *what) {
  struct area *area = large();
  unsigned long last = area->end - page;
  long result;
  if (strcmp(what, "part-unmap") == 0) {
    result = sys(munmap, last, page);
  } else if (strcmp(what, "part-move") == 0) {
    unsigned long to = free_room(page);
    result = sys(mremap, last, page, page, MOVE, to);
    result = (unsigned long)result == to ? 0 : result;
  } else if (strcmp(what, "part-protect") == 0) {
    result = sys(mprotect, last, page, PROT_NONE);
  } else {
    void *got = map((void *)last, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    result = (unsigned long)got == last ? 0 : (long)got;
  }
  say("%s: error %ld", what, -result);
  expect(result == 0, "a part can be taken");
}

/* The range covers the image's first page and ends or begins inside a mapping. */
static void part_refused(void) {
  long result = data.end == code.start && data.end != 0
                    ? sys(munmap, data.end - page, 2 * page)
                    : sys(munmap, image, page);
  say("munmap: error %ld", -result);
}

static void poke(unsigned long at) {
  int fd = (int)sys(open, "/proc/self/mem", O_RDWR, 0);
  uint32_t word = *(const volatile uint32_t *)at;
#if __SIZEOF_POINTER__ == 4
  uint64_t position;
  sys(_llseek, fd, 0, at, &position, 0);
#else
  sys(lseek, fd, at, 0);
#endif
  long result = sys(write, fd, &word, 4);
  say("writing through /proc/self/mem: %s", result == 4 ? "done" : "refused");
  sys(close, fd);
}

static unsigned long data_page(void) {
  return data.end != 0 ? data.start : code.start < image ? code.start : code.end - page;
}

static long long nanoseconds(const struct word_timespec *time) {
  return time->sec * 1000000000ll + time->nsec;
}

static void clock_agrees(void) {
  struct vdso vdso = vdso_at(image);
  const void *function = vdso_function(&vdso, "__kernel_gettimeofday");
  struct word_timespec before = {0}, pause = {.nsec = 30000000}, after = {0};
  struct word_timeval first = {0}, second = {0};
  vdso_call(function, (long)&first, 0, 0);
  sys(clock_gettime, 0, &before);
  sys(nanosleep, &pause, NULL);
  sys(clock_gettime, 0, &after);
  vdso_call(function, (long)&second, 0, 0);
  long long from = first.sec * 1000000000ll + first.usec * 1000ll;
  long long to = second.sec * 1000000000ll + second.usec * 1000ll;
  expect(to > from, "time goes on");
  expect(from <= nanoseconds(&before) + 1000000 && to + 1000000 >= nanoseconds(&after),
         "the vDSO and the system call agree");
}

static void coarse_goes_on(void) {
  struct vdso vdso = vdso_at(image);
  const void *function = vdso_function(&vdso, "__kernel_clock_gettime");
  struct word_timespec first = {0}, pause = {.nsec = 30000000}, second = {0};
  vdso_call(function, 5 /* CLOCK_REALTIME_COARSE */, (long)&first, 0);
  sys(nanosleep, &pause, NULL);
  vdso_call(function, 5, (long)&second, 0);
  expect(nanoseconds(&second) > nanoseconds(&first), "the coarse clock goes on");
}

static void handler(int number, void *info, void *context) {
  (void)number, (void)info, (void)context;
  unsigned long back = (unsigned long)__builtin_return_address(0);
  unsigned long here = (unsigned long)__builtin_frame_address(0);
  taken++;
  say("the way back is %s", back >= code.start && back < code.end           ? "in the image"
                            : back > here - 65536 && back < here + 65536 ? "on the stack"
                                                                             : "somewhere else");
}

static void take_signal(void) {
  on_signal(SIGUSR1, handler, SA_SIGINFO);
  send_self(SIGUSR1);
  expect(taken == 1, "the handler ran and returned");
}

static void look_at(const char *what) {
  find_areas();
  if (strcmp(what, "clock") == 0) {
    clock_agrees();
  } else if (strcmp(what, "name") == 0) {
    expect(code.named, "its mapping is called [vdso]");
  } else if (strcmp(what, "handler") == 0) {
    take_signal();
  } else if (strcmp(what, "handler-x") == 0) {
    /* What is below this frame is less than the 128 KiB that a stack has from the start. */
    unsigned long here = (unsigned long)__builtin_frame_address(0);
    unsigned long from = (here - 16384) & -page, to = (here & -page) + page;
    long result = sys(mprotect, from, to - from, PROT_READ | PROT_WRITE | PROT_EXEC);
    expect(result == 0, "the stack is executable");
    take_signal();
  } else if (strcmp(what, "coarse") == 0) {
    coarse_goes_on();
  } else if (strcmp(what, "fork") == 0) {
    long child = sys(fork);
    if (child == 0) {
      take_signal();
      sys(exit_group, taken == 1 ? 0 : 1);
    }
    int status = -1;
    sys(wait4, child, &status, 0, NULL);
    expect(status == 0, "the child's handler ran and returned");
  }
}

int main(int argc, char **argv, char **envp) {
  (void)envp;
  const char *what = argc > 1 ? argv[1] : "";
  auxiliary_value(AT_PAGESZ, &page);
  if (!auxiliary_value(AT_SYSINFO_EHDR, &image) || image == 0) {
    fail("there is no vDSO");
    return finish();
  }
  find_areas();
  if (strcmp(what, "code") == 0) {
    move(&code, free_room(code.end - code.start));
  } else if (strcmp(what, "both") == 0) {
    move_both();
  } else if (strcmp(what, "vvar") == 0) {
    if (data.end != 0) {
      move(&data, free_room(data.end - data.start));
    }
  } else if (strcmp(what, "gone") == 0) {
    sys(munmap, code.start, code.end - code.start);
  } else if (strcmp(what, "part-refused") == 0) {
    part_refused();
  } else if (starts_with(what, "part-")) {
    parts(what);
  } else if (strcmp(what, "poke-data") == 0) {
    poke(data_page());
  } else if (strcmp(what, "poke-code") == 0) {
    poke(image);
  }
  look_at(argc > 2 ? argv[2] : "");
  return finish();
}
