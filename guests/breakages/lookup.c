/* Consumers of the vDSO's symbol table, each with its own idea of how one is found:
 *   lookup versioned NAME VERSION   any hash table; name, version and its hash agree (C libraries)
 *   lookup sysv NAME VERSION        walks the chains of DT_HASH, as readers of old do
 *   lookup gnu NAME VERSION         DT_GNU_HASH only, as readers of today do
 *   lookup function NAME VERSION    like the first, and it must be an STT_FUNC (Go, self tests)
 * What is found is called where it is a clock. */
#include "guest.h"

#include <linux/time.h>

#define STT_FUNCTION 2

static struct vdso vdso;

static const elf_symbol *walk(const char *name) {
  const elf_symbol *symbols = vdso.symbols;
  for (uint32_t i = 0; vdso.hash && i < vdso.hash[1]; i++) {
    if (symbols[i].st_shndx != SHN_UNDEF && !strcmp(vdso.strings + symbols[i].st_name, name)) {
      return &symbols[i];
    }
  }
  return NULL;
}

static const elf_symbol *find(const char *way, const char *name) {
  if (!strcmp(way, "sysv")) {
    expect(vdso.hash != NULL, "there is a DT_HASH");
    return walk(name);
  }
  if (!strcmp(way, "gnu")) {
    expect(vdso.gnu_hash != NULL, "there is a DT_GNU_HASH");
    return gnu_lookup(&vdso, name);
  }
  const elf_symbol *symbol = hash_lookup(&vdso, name);
  return symbol ? symbol : gnu_lookup(&vdso, name);
}

static bool has_version(const elf_symbol *symbol, const char *version) {
  if (!vdso.versions || !vdso.version_definitions) {
    return false;
  }
  uint32_t hash = 0;
  size_t index = (size_t)(symbol - (const elf_symbol *)vdso.symbols);
  const char *has = version_name(&vdso, vdso.versions[index] & 0x7fff, &hash);
  say("its version is %s", has ? has : "unknown");
  return has && hash == elf_hash(version) && !strcmp(has, version);
}

int main(int argc, char **argv, char **envp) {
  (void)envp;
  if (argc != 4) {
    fail("arguments: WAY NAME VERSION");
    return finish();
  }
  const char *way = argv[1], *name = argv[2], *version = argv[3];
  vdso = vdso_open();
  const elf_symbol *symbol = vdso.image ? find(way, name) : NULL;
  if (!symbol) {
    fail("%s is not found", name);
    return finish();
  }
  expect(has_version(symbol, version), version);
  if (!strcmp(way, "function")) {
    expect((symbol->st_info & 15) == STT_FUNCTION, "it is an STT_FUNC");
  }
  if (!strcmp(name, "__kernel_clock_gettime")) {
    struct word_timespec time = {0, 0};
    const void *function = (const void *)(vdso.bias + symbol->st_value);
    expect(vdso_call(function, CLOCK_MONOTONIC, (long)&time, 0) == 0 && (time.sec || time.nsec),
           "it tells the time");
  }
  return finish();
}
