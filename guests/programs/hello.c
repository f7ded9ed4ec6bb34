/* Is the initial stack what the ABI promises: arguments, environment, auxiliary vector? */
#include "guest.h"

int main(int argc, char **argv, char **envp) {
  say("Hello from a guest with %d-bit words", (int)sizeof(long) * 8);
  expect(argc >= 1, "argc is at least 1");
  expect(argv[argc] == NULL, "argv ends with NULL");
  expect(((unsigned long)initial_stack & 15) == 0, "the initial stack is aligned to 16 bytes");
  for (int i = 0; i < argc; i++) {
    say("argv[%d] %s", i, argv[i]);
    expect((unsigned long)argv[i] > (unsigned long)initial_stack, "arguments lie above argc");
  }
  int variables = 0;
  for (char **e = envp; *e; e++) {
    variables++;
    if (!contains(*e, "=")) {
      fail("environment entry without '=': %s", *e);
    }
  }
  int entries = 0;
  while (auxiliary[entries][0] != AT_NULL) {
    entries++;
  }
  say("%d environment variables, %d auxiliary entries", variables, entries);

  static const struct {
    unsigned long type;
    const char *name;
  } required[] = {
      {AT_PHDR, "AT_PHDR"},   {AT_PHENT, "AT_PHENT"}, {AT_PHNUM, "AT_PHNUM"},
      {AT_PAGESZ, "AT_PAGESZ"}, {AT_ENTRY, "AT_ENTRY"}, {AT_UID, "AT_UID"},
      {AT_GID, "AT_GID"},     {AT_HWCAP, "AT_HWCAP"}, {AT_CLKTCK, "AT_CLKTCK"},
  };
  for (size_t i = 0; i < COUNT(required); i++) {
    unsigned long value;
    if (!auxiliary_value(required[i].type, &value)) {
      fail("no %s", required[i].name);
    }
  }
  unsigned long size, entry;
  if (auxiliary_value(AT_PAGESZ, &size)) {
    expect(size >= 4096 && (size & (size - 1)) == 0, "AT_PAGESZ is a power of two from 4096");
  }
  extern char _start[];
  if (auxiliary_value(AT_ENTRY, &entry)) {
    expect(entry == (unsigned long)_start, "AT_ENTRY is this program's entry");
  }
  unsigned long user;
  if (auxiliary_value(AT_UID, &user)) {
    expect(user == (unsigned long)sys(getuid), "AT_UID equals getuid");
  }
  return finish();
}
