#include "guest.h"

/* Versions, from the ELF gABI's GNU extension; <linux/elf.h> does not have them. */
#define DYNAMIC_VERSYM 0x6ffffff0
#define DYNAMIC_VERDEF 0x6ffffffc
#define DYNAMIC_GNU_HASH 0x6ffffef5
#define VERSION_HIDDEN 0x8000

struct version_definition {
  uint16_t version, flags, index, count;
  uint32_t hash, names, next;
};

struct vdso vdso_open(void) {
  unsigned long address;
  bool handed = auxiliary_value(AT_SYSINFO_EHDR, &address) && address != 0;
  return handed ? vdso_at(address) : (struct vdso){.image = NULL};
}

struct vdso vdso_at(unsigned long address) {
  struct vdso vdso = {.image = NULL};
  const elf_header *header = (const elf_header *)address;
  const elf_segment *segment = (const elf_segment *)(address + header->e_phoff);
  const elf_dynamic *dynamic = NULL;
  bool loaded = false;
  for (unsigned i = 0; i < header->e_phnum; i++) {
    if (segment[i].p_type == PT_LOAD && !loaded) {
      loaded = true;
      vdso.bias = address + segment[i].p_offset - segment[i].p_vaddr;
      vdso.size = segment[i].p_memsz;
    } else if (segment[i].p_type == PT_DYNAMIC) {
      dynamic = (const elf_dynamic *)(address + segment[i].p_offset);
    }
  }
  if (!loaded || !dynamic) {
    return vdso;
  }
  vdso.image = (const unsigned char *)address;
  for (; dynamic->d_tag != DT_NULL; dynamic++) {
    const void *there = (const void *)(vdso.bias + dynamic->d_un.d_ptr);
    switch ((unsigned long)dynamic->d_tag) {
      case DT_STRTAB: vdso.strings = there; break;
      case DT_SYMTAB: vdso.symbols = there; break;
      case DT_HASH: vdso.hash = there; break;
      case DYNAMIC_GNU_HASH: vdso.gnu_hash = there; break;
      case DYNAMIC_VERSYM: vdso.versions = there; break;
      case DYNAMIC_VERDEF: vdso.version_definitions = there; break;
      default: break;
    }
  }
  return vdso;
}

uint32_t elf_hash(const char *name) {
  uint32_t hash = 0;
  for (; *name; name++) {
    hash = (hash << 4) + (unsigned char)*name;
    hash ^= (hash >> 24) & 0xf0;
  }
  return hash & 0x0fffffff;
}

uint32_t gnu_hash(const char *name) {
  uint32_t hash = 5381;
  for (; *name; name++) {
    hash = hash * 33 + (unsigned char)*name;
  }
  return hash;
}

static const elf_symbol *symbol_at(const struct vdso *vdso, uint32_t index) {
  return (const elf_symbol *)vdso->symbols + index;
}

static bool has_name(const struct vdso *vdso, uint32_t index, const char *name) {
  const elf_symbol *symbol = symbol_at(vdso, index);
  return symbol->st_shndx != SHN_UNDEF && strcmp(vdso->strings + symbol->st_name, name) == 0;
}

/* Words: bucket count, chain count, buckets, chains (gABI, Hash Table). */
const void *hash_lookup(const struct vdso *vdso, const char *name) {
  const uint32_t *table = vdso->hash;
  if (!table || table[0] == 0) {
    return NULL;
  }
  const uint32_t *chain = table + 2 + table[0];
  uint32_t steps = 0;
  for (uint32_t i = table[2 + elf_hash(name) % table[0]]; i && i < table[1]; i = chain[i]) {
    if (has_name(vdso, i, name)) {
      return symbol_at(vdso, i);
    }
    if (++steps > table[1]) {
      return NULL;
    }
  }
  return NULL;
}

/* Words: bucket count, first symbol, Bloom filter words, shift, filter, buckets, hash values. */
const void *gnu_lookup(const struct vdso *vdso, const char *name) {
  const uint32_t *table = vdso->gnu_hash;
  if (!table || table[0] == 0 || table[2] == 0) {
    return NULL;
  }
  const unsigned long *filter = (const unsigned long *)(table + 4);
  const uint32_t *buckets = (const uint32_t *)(filter + table[2]);
  const uint32_t *values = buckets + table[0];
  uint32_t hash = gnu_hash(name);
  unsigned long word = filter[hash / GUEST_BLOOM_BITS % table[2]];
  unsigned long first = word >> (hash % GUEST_BLOOM_BITS);
  unsigned long second = word >> ((hash >> table[3]) % GUEST_BLOOM_BITS);
  if (!(first & second & 1)) {
    return NULL;
  }
  uint32_t i = buckets[hash % table[0]];
  if (i < table[1]) {
    return NULL;
  }
  for (;; i++) {
    uint32_t value = values[i - table[1]];
    if ((value | 1) == (hash | 1) && has_name(vdso, i, name)) {
      return symbol_at(vdso, i);
    }
    if (value & 1) {
      return NULL;
    }
  }
}

const char *version_name(const struct vdso *vdso, unsigned index, uint32_t *hash) {
  const unsigned char *at = vdso->version_definitions;
  while (at) {
    const struct version_definition *definition = (const void *)at;
    if ((definition->index & ~VERSION_HIDDEN) == index) {
      const uint32_t *name = (const uint32_t *)(at + definition->names);
      *hash = definition->hash;
      return vdso->strings + name[0];
    }
    at = definition->next ? at + definition->next : NULL;
  }
  return NULL;
}

static const void *find(const struct vdso *vdso, const char *name) {
  if (!vdso->image || !vdso->symbols || !vdso->strings) {
    return NULL;
  }
  const void *found = hash_lookup(vdso, name);
  return found ? found : gnu_lookup(vdso, name);
}

static const void *address_of(const struct vdso *vdso, const elf_symbol *symbol) {
  return (const void *)(vdso->bias + symbol->st_value);
}

const void *vdso_function(const struct vdso *vdso, const char *name) {
  const elf_symbol *symbol = find(vdso, name);
  return symbol ? address_of(vdso, symbol) : NULL;
}

const void *vdso_symbol(const struct vdso *vdso, const char *name, const char *version) {
  const elf_symbol *symbol = find(vdso, name);
  if (!symbol || !vdso->versions) {
    return NULL;
  }
  size_t index = (size_t)(symbol - (const elf_symbol *)vdso->symbols);
  uint32_t hash;
  const char *has = version_name(vdso, vdso->versions[index] & ~VERSION_HIDDEN, &hash);
  bool same = has && hash == elf_hash(version) && strcmp(has, version) == 0;
  return same ? address_of(vdso, symbol) : NULL;
}
