/* A crash reporter's look at a core file: is the vDSO in it, and what was [vvar]? The argument "moved"
 * has the program move its vDSO first. The core is made in a directory of its own below /tmp. */
#include "guest.h"

#include <asm/signal.h>
#include <linux/fcntl.h>
#include <linux/mman.h>

static unsigned long image, code_start, code_end, data_start, data_end;
static unsigned char buffer[65536];

static void find_areas(void) {
  struct lines maps = {.fd = (int)sys(open, "/proc/self/maps", O_RDONLY, 0)};
  char line[256];
  while (next_line(&maps, line, sizeof line)) {
    const char *at = line;
    unsigned long start = parse_number(&at, 16);
    at++;
    unsigned long end = parse_number(&at, 16);
    if (start <= image && image < end) {
      code_start = start;
      code_end = end;
    } else if (contains(line, "[vvar]")) {
      data_start = start;
      data_end = end;
    }
  }
  sys(close, maps.fd);
}

static void move_image(void) {
  unsigned long size = code_end - code_start, whole = size + (1 << 20);
  void *room = map(NULL, whole, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  sys(munmap, room, whole);
  unsigned long to = ((unsigned long)room + 0xffff) & -0x10000ul;
  expect((unsigned long)sys(mremap, code_start, size, size, 3, to) == to, "the vDSO can be moved");
  image += to - code_start;
  code_start = to;
  code_end = to + size;
}

static void read_at(int fd, unsigned long offset, void *to, unsigned long size) {
  memset(to, 0, size);
  sys(lseek, fd, offset, 0);
  sys(read, fd, to, size);
}

/* The core's notes: the signal is told, and the auxiliary vector is there. */
static void notes(int fd, unsigned long offset, unsigned long size) {
  bool status = false, auxiliary_vector = false;
  read_at(fd, offset, buffer, size < sizeof buffer ? size : sizeof buffer);
  for (unsigned long at = 0; at + 12 <= size && at + 12 <= sizeof buffer;) {
    const uint32_t *header = (const uint32_t *)(buffer + at);
    const unsigned char *content = buffer + at + 12 + ((header[0] + 3) & -4u);
    if (header[2] == 1) {
      status = *(const uint32_t *)content == SIGABRT;
    } else if (header[2] == 6) {
      auxiliary_vector = header[1] >= 2 * sizeof(long);
    }
    at += 12 + ((header[0] + 3) & -4u) + ((header[1] + 3) & -4u);
  }
  expect(status, "the core tells the signal");
  expect(auxiliary_vector, "the core has the auxiliary vector");
}

static void look(int fd) {
  elf_header header;
  elf_segment segment;
  bool has_image = false;
  read_at(fd, 0, &header, sizeof header);
  expect(header.e_type == 4 && header.e_phnum > 3, "it is a core file");
  for (unsigned i = 0; i < header.e_phnum; i++) {
    read_at(fd, header.e_phoff + i * sizeof segment, &segment, sizeof segment);
    if (segment.p_type == 4 /* PT_NOTE */) {
      notes(fd, segment.p_offset, segment.p_filesz);
    } else if (segment.p_vaddr == code_start && segment.p_filesz == code_end - code_start) {
      read_at(fd, segment.p_offset + (image - code_start), buffer, 4);
      has_image = memcmp(buffer, "\177ELF", 4) == 0;
    } else if (data_end != 0 && segment.p_vaddr == data_start) {
      size_t nonzero = 0;
      read_at(fd, segment.p_offset, buffer, 4096);
      for (int k = 0; k < 4096; k++) {
        nonzero += buffer[k] != 0;
      }
      expect(segment.p_filesz == data_end - data_start && nonzero == 0,
             "[vvar] is in the core as zeros");
    }
  }
  expect(has_image, "the vDSO's image is in the core");
}

int main(int argc, char **argv, char **envp) {
  (void)envp;
  if (!auxiliary_value(AT_SYSINFO_EHDR, &image) || image == 0) {
    fail("there is no vDSO");
    return finish();
  }
  find_areas();
  if (argc > 1 && strcmp(argv[1], "moved") == 0) {
    move_image();
  }
  /* Other machines may be at work in the same directory, with the same process ids. */
  char directory[] = "/tmp/vestibule-core-aaaa";
  char *last = directory + sizeof directory - 2;
  long made = -EEXIST;
  for (unsigned attempt = 0; made == -EEXIST && attempt < 65536; attempt++) {
    for (int i = 0; i < 4; i++) {
      last[-i] = (char)('a' + (attempt >> 4 * i & 15));
    }
    made = sys(mkdir, directory, 0700);
  }
  if (made != 0 || sys(chdir, directory) != 0) {
    fail("no directory %s (errno %ld)", directory, -made);
    return finish();
  }
  unsigned long limits[2] = {64ul << 20, 64ul << 20};
  sys(setrlimit, 4 /* RLIMIT_CORE */, limits);
  long child = sys(fork);
  if (child == 0) {
    sys(kill, own_pid(), SIGABRT);
  }
  int status = 0;
  sys(wait4, child, &status, 0, NULL);
  expect((status & 0x7f) == SIGABRT, "the child was killed by the signal");
  expect((status & 0x80) != 0, "it dumped core");
  int fd = (int)sys(open, "core", O_RDONLY, 0);
  if (fd < 0) {
    fail("no core file (errno %d)", -fd);
  } else {
    look(fd);
    sys(close, fd);
  }
  sys(unlink, "core");
  sys(chdir, "/");
  sys(rmdir, directory);
  return finish();
}
