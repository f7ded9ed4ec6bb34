/* Where do the handed pages lie, and is /proc/self/maps a sorted list of areas that agrees? */
#include "guest.h"

#include <linux/fcntl.h>

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  struct lines file = {.fd = (int)sys(open, "/proc/self/maps", O_RDONLY, 0)};
  if (file.fd < 0) {
    fail("/proc/self/maps cannot be opened (errno %d)", -file.fd);
    return finish();
  }
  unsigned long vdso = 0, page = 4096;
  auxiliary_value(AT_SYSINFO_EHDR, &vdso);
  auxiliary_value(AT_PAGESZ, &page);
  unsigned long code = code_address(&vdso_open), stack = (unsigned long)&file, last = 0;
  bool saw_vdso = false, saw_stack = false, saw_code = false;
  int count = 0;
  char line[512];
  while (next_line(&file, line, sizeof line)) {
    const char *at = line;
    unsigned long start = parse_number(&at, 16);
    expect(*at == '-', "a line begins with START-END");
    at++;
    unsigned long end = parse_number(&at, 16);
    expect(*at == ' ' && strlen(at) > 6, "permissions follow");
    char permissions[5] = {at[1], at[2], at[3], at[4], 0};
    count++;
    if (start < last || end <= start) {
      fail("areas out of order or overlapping: %s", line);
    }
    bool system_page = contains(line, "[vsyscall]");
    if (!system_page && (start % page || end % page)) {
      fail("an area does not consist of pages: %s", line);
    }
    last = end;
    bool has_vdso = vdso && start <= vdso && vdso < end;
    bool has_stack = start <= stack && stack < end;
    if (has_vdso || has_stack || contains(line, "[v")) {
      say("%s%s", line, has_vdso && !contains(line, "[") ? "(the vDSO, without a name)" : "");
    }
    if (has_vdso) {
      saw_vdso = true;
      expect(permissions[0] == 'r' && permissions[2] == 'x', "the vDSO is readable and executable");
      expect(permissions[1] == '-' && permissions[3] == 'p', "the vDSO is private, not writable");
    } else if (contains(line, "[vdso]")) {
      expect(!vdso, "[vdso] is where AT_SYSINFO_EHDR says");
    }
    if (has_stack) {
      saw_stack = true;
      expect(permissions[0] == 'r' && permissions[1] == 'w', "the stack is readable and writable");
    }
    if (start <= code && code < end) {
      saw_code = true;
      expect(permissions[2] == 'x', "the program's code is executable");
    }
  }
  say("%d areas; vDSO %s", count, vdso ? "present" : "absent");
  expect(saw_stack, "the stack is listed");
  expect(saw_code, "the program's code is listed");
  expect(saw_vdso || !vdso, "the vDSO is listed");
  return finish();
}
