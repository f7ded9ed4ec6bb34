/* What does the kernel say in the auxiliary vector, and does /proc/self/auxv say the same? */
#include "guest.h"

#include <linux/fcntl.h>

enum form { HEX, DECIMAL, TEXT, BYTES };

static const struct {
  unsigned long type;
  const char *name;
  enum form form;
} names[] = {
    {1, "AT_IGNORE", HEX},
    {2, "AT_EXECFD", DECIMAL},
    {3, "AT_PHDR", HEX},
    {4, "AT_PHENT", DECIMAL},
    {5, "AT_PHNUM", DECIMAL},
    {6, "AT_PAGESZ", DECIMAL},
    {7, "AT_BASE", HEX},
    {8, "AT_FLAGS", HEX},
    {9, "AT_ENTRY", HEX},
    {10, "AT_NOTELF", DECIMAL},
    {11, "AT_UID", DECIMAL},
    {12, "AT_EUID", DECIMAL},
    {13, "AT_GID", DECIMAL},
    {14, "AT_EGID", DECIMAL},
    {15, "AT_PLATFORM", TEXT},
    {16, "AT_HWCAP", HEX},
    {17, "AT_CLKTCK", DECIMAL},
    {19, "AT_DCACHEBSIZE", DECIMAL},
    {20, "AT_ICACHEBSIZE", DECIMAL},
    {21, "AT_UCACHEBSIZE", DECIMAL},
    {22, "AT_IGNOREPPC", HEX},
    {23, "AT_SECURE", DECIMAL},
    {24, "AT_BASE_PLATFORM", TEXT},
    {25, "AT_RANDOM", BYTES},
    {26, "AT_HWCAP2", HEX},
    {27, "AT_RSEQ_FEATURE_SIZE", DECIMAL},
    {28, "AT_RSEQ_ALIGN", DECIMAL},
    {31, "AT_EXECFN", TEXT},
    {32, "AT_SYSINFO", HEX},
    {33, "AT_SYSINFO_EHDR", HEX},
    {34, "AT_L1I_CACHESHAPE", HEX},
    {35, "AT_L1D_CACHESHAPE", HEX},
    {36, "AT_L2_CACHESHAPE", HEX},
    {37, "AT_L3_CACHESHAPE", HEX},
    {40, "AT_L1I_CACHESIZE", DECIMAL},
    {41, "AT_L1I_CACHEGEOMETRY", HEX},
    {42, "AT_L1D_CACHESIZE", DECIMAL},
    {43, "AT_L1D_CACHEGEOMETRY", HEX},
    {44, "AT_L2_CACHESIZE", DECIMAL},
    {45, "AT_L2_CACHEGEOMETRY", HEX},
    {46, "AT_L3_CACHESIZE", DECIMAL},
    {47, "AT_L3_CACHEGEOMETRY", HEX},
    {51, "AT_MINSIGSTKSZ", DECIMAL},
};

static void show(unsigned long type, unsigned long value) {
  for (size_t i = 0; i < COUNT(names); i++) {
    if (names[i].type == type) {
      switch (names[i].form) {
        case HEX:
          say("%-22s 0x%lx", names[i].name, value);
          return;
        case DECIMAL:
          say("%-22s %lu", names[i].name, value);
          return;
        case TEXT:
          say("%-22s %s", names[i].name, value ? (const char *)value : "(none)");
          return;
        case BYTES:
          say("%-22s 16 bytes at 0x%lx", names[i].name, value);
          return;
      }
    }
  }
  say("type %-17lu 0x%lx", type, value);
}

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  size_t entries = 0;
  for (; auxiliary[entries][0] != AT_NULL; entries++) {
    show(auxiliary[entries][0], auxiliary[entries][1]);
  }
  entries++;

  unsigned long copy[128];
  long fd = sys(open, "/proc/self/auxv", O_RDONLY, 0);
  if (fd < 0) {
    say("/proc/self/auxv cannot be opened (errno %ld)", -fd);
    return finish();
  }
  size_t size = 0;
  for (long got; size < sizeof copy; size += (size_t)got) {
    got = sys(read, fd, (char *)copy + size, sizeof copy - size);
    if (got <= 0) {
      break;
    }
  }
  sys(close, fd);
  size_t vector = entries * sizeof auxiliary[0];
  expect(size >= vector, "/proc/self/auxv is as long as the vector");
  expect(size < vector || memcmp(copy, auxiliary, vector) == 0,
         "/proc/self/auxv equals the vector on the stack");
  return finish();
}
