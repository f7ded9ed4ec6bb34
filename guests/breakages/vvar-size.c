/* A checkpointer's check of the data's mapping: [vvar] is two pages, [vdso] follows at once. */
#include "guest.h"

#include <linux/fcntl.h>

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  struct lines maps = {.fd = (int)sys(open, "/proc/self/maps", O_RDONLY, 0)};
  unsigned long page = 4096, data_start = 0, data_end = 0;
  auxiliary_value(AT_PAGESZ, &page);
  char line[256];
  while (next_line(&maps, line, sizeof line)) {
    const char *at = line;
    unsigned long start = parse_number(&at, 16);
    at++;
    unsigned long end = parse_number(&at, 16);
    if (contains(line, "[vvar]")) {
      data_start = start;
      data_end = end;
    } else if (contains(line, "[vdso]")) {
      say("[vvar] is %lu pages", (data_end - data_start) / page);
      expect(data_start != 0, "there is a [vvar]");
      expect(data_end - data_start == 2 * page, "[vvar] is two pages");
      expect(data_end == start, "[vdso] follows [vvar]");
    }
  }
  return finish();
}
