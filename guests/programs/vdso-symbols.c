/* Does the image the kernel handed over keep every rule that loaders, C libraries and debuggers rely
 * on: segments, dynamic section, both hash tables, versions, notes, unwind tables?
 * usage: vdso-symbols [FILE]    FILE: an image to look at instead */
#include "guest.h"

#include <linux/fcntl.h>
#include <linux/mman.h>

#define DYNAMIC_FLAG_RELOCATIONS_COUNT 0x6ffffff9
#define SEGMENT_GNU_EH_FRAME 0x6474e550
#define SEGMENT_NOTE 4

struct note {
  uint32_t name_size, size, type;
};

/* struct new_utsname: six fields of 65 characters. */
struct names {
  char system[65], node[65], release[65], version[65], machine[65], domain[65];
};

static struct vdso vdso;
static bool from_file;

static bool inside(const void *address, size_t size) {
  unsigned long at = (unsigned long)address - (unsigned long)vdso.image;
  return at < vdso.size && size <= vdso.size - at;
}

static const elf_segment *segments(void) {
  const elf_header *header = (const elf_header *)vdso.image;
  const elf_segment *segment = (const elf_segment *)(vdso.image + header->e_phoff);
  unsigned char native = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? ELFDATA2MSB : ELFDATA2LSB;
  expect(memcmp(header->e_ident, "\177ELF", 4) == 0, "the ELF magic");
  expect(header->e_ident[4] == GUEST_ELF_CLASS, "the class is the program's");
  expect(header->e_ident[5] == native, "the byte order is the program's");
  expect(header->e_type == ET_DYN, "the type is ET_DYN");
#if defined __powerpc64__
  expect(header->e_machine == EM_PPC64, "the machine is EM_PPC64");
#elif defined __powerpc__
  expect(header->e_machine == EM_PPC, "the machine is EM_PPC");
#endif
  expect(header->e_phentsize == sizeof(elf_segment), "the program header size");
  expect(inside(segment, header->e_phnum * sizeof *segment), "program headers are loaded");
  unsigned loads = 0, dynamics = 0, notes = 0, frames = 0;
  for (unsigned i = 0; i < header->e_phnum; i++) {
    const elf_segment *s = &segment[i];
    switch (s->p_type) {
      case PT_LOAD:
        loads++;
        expect(s->p_offset == 0, "the loaded segment begins with the ELF header");
        expect((s->p_flags & 7) == 5, "the loaded segment is readable and executable only");
        expect(s->p_filesz == s->p_memsz, "the loaded segment has no zero fill");
        expect((unsigned long)vdso.image % 4096 == 0, "the image begins on a page");
        break;
      case PT_DYNAMIC: dynamics++; break;
      case SEGMENT_NOTE: notes++; break;
      case SEGMENT_GNU_EH_FRAME: frames++; break;
      default: fail("program header %u has type %lx", i, (unsigned long)s->p_type);
    }
    expect(inside(vdso.image + s->p_offset, s->p_filesz), "every segment is in the loaded one");
    expect(s->p_vaddr - segment[0].p_vaddr == s->p_offset, "addresses equal file offsets");
  }
  expect(loads == 1, "one loaded segment");
  expect(dynamics == 1, "one dynamic segment");
  expect(notes == 1, "one note segment");
  say("%u program headers, %lu bytes loaded, linked at 0x%lx%s", header->e_phnum, vdso.size,
      (unsigned long)vdso.image - vdso.bias, frames ? "" : ", without unwind table");
  return segment;
}

static void dynamic_section(const elf_segment *segment) {
  const elf_header *header = (const elf_header *)vdso.image;
  const char *name = NULL;
  unsigned long strings_size = 0;
  for (unsigned i = 0; i < header->e_phnum; i++) {
    if (segment[i].p_type != PT_DYNAMIC) {
      continue;
    }
    const elf_dynamic *d = (const elf_dynamic *)(vdso.image + segment[i].p_offset);
    for (; d->d_tag != DT_NULL; d++) {
      switch ((unsigned long)d->d_tag) {
        case DT_SONAME: name = vdso.strings + d->d_un.d_val; break;
        case DT_STRSZ: strings_size = d->d_un.d_val; break;
        case DT_NEEDED: fail("it needs other objects"); break;
        case DT_TEXTREL: fail("its text has relocations"); break;
        case DT_RELSZ:
        case DT_RELASZ:
        case DT_PLTRELSZ:
        case DYNAMIC_FLAG_RELOCATIONS_COUNT: expect(d->d_un.d_val == 0, "no relocations"); break;
        default: break;
      }
    }
  }
  expect(vdso.strings && inside(vdso.strings, strings_size), "the string table is loaded");
  expect(vdso.symbols && inside(vdso.symbols, sizeof(elf_symbol)), "the symbol table is loaded");
  expect(vdso.hash || vdso.gnu_hash, "a hash table");
  expect(name && starts_with(name, "linux-") && contains(name, ".so.1"), "a name");
  say("soname %s, hash tables:%s%s", name ? name : "(none)", vdso.hash ? " sysv" : "",
      vdso.gnu_hash ? " gnu" : "");
}

static uint32_t symbol_count(void) {
  if (vdso.hash) {
    return vdso.hash[1];
  }
  /* The last chain of the GNU table ends with the last symbol. */
  const uint32_t *table = vdso.gnu_hash;
  const uint32_t *buckets = (const uint32_t *)((const unsigned long *)(table + 4) + table[2]);
  uint32_t last = 0;
  for (uint32_t i = 0; i < table[0]; i++) {
    last = buckets[i] > last ? buckets[i] : last;
  }
  while (last && !(buckets[table[0] + last - table[1]] & 1)) {
    last++;
  }
  return last + 1;
}

static void symbols(void) {
  uint32_t count = symbol_count(), functions = 0;
  const elf_symbol *symbol = vdso.symbols;
  expect(inside(symbol, count * sizeof *symbol), "every symbol is loaded");
  if (!vdso.versions || !vdso.version_definitions) {
    fail("no version table");
    return;
  }
  for (uint32_t i = 1; i < count; i++) {
    const char *name = vdso.strings + symbol[i].st_name;
    unsigned type = symbol[i].st_info & 15, binding = symbol[i].st_info >> 4;
    if (symbol[i].st_shndx == SHN_UNDEF || binding == 0 || type == 3 || !*name) {
      continue;
    }
    uint32_t hash = 0;
    const char *version = version_name(&vdso, vdso.versions[i] & 0x7fff, &hash);
    if (symbol[i].st_shndx != SHN_ABS) {
      const unsigned char *at = (const unsigned char *)(vdso.bias + symbol[i].st_value);
      functions++;
      say("%-28s +0x%lx size %lu %s", name, (unsigned long)(at - vdso.image),
          (unsigned long)symbol[i].st_size, version ? version : "(no version)");
      if (!inside(at, 4)) {
        fail("%s lies outside the image", name);
      }
      if (type != STT_FUNC && type != STT_NOTYPE && type != STT_OBJECT) {
        fail("%s has type %u", name, type);
      }
    }
    if (vdso.hash && hash_lookup(&vdso, name) != &symbol[i]) {
      fail("%s is not found through DT_HASH", name);
    }
    if (vdso.gnu_hash && gnu_lookup(&vdso, name) != &symbol[i]) {
      fail("%s is not found through DT_GNU_HASH", name);
    }
    if (!version || hash != elf_hash(version)) {
      fail("%s: the hash of its version is %x", name, hash);
    } else if (symbol[i].st_shndx != SHN_ABS) {
      expect(vdso_symbol(&vdso, name, version) != NULL, "found by name and version");
      expect(vdso_symbol(&vdso, name, "LINUX_0.0") == NULL, "not found by another version");
    }
  }
  expect(functions > 0, "there are functions");
  expect(vdso_function(&vdso, "no_such_function") == NULL, "an absent name is not found");
}

static void notes(const elf_segment *segment) {
  const elf_header *header = (const elf_header *)vdso.image;
  bool version_seen = false;
  for (unsigned i = 0; i < header->e_phnum; i++) {
    if (segment[i].p_type != SEGMENT_NOTE) {
      continue;
    }
    const unsigned char *at = vdso.image + segment[i].p_offset, *end = at + segment[i].p_filesz;
    while (at + sizeof(struct note) <= end) {
      const struct note *note = (const void *)at;
      const char *owner = (const char *)(note + 1);
      const unsigned char *content = at + sizeof *note + ((note->name_size + 3) & ~3u);
      at = content + ((note->size + 3) & ~3u);
      if (at > end) {
        fail("a note is longer than its segment");
        return;
      }
      say("note %s type 0x%x, %u bytes", owner, note->type, note->size);
      if (note->type != 0 || strcmp(owner, "Linux") != 0) {
        continue;
      }
      version_seen = true;
      struct names names;
      sys(uname, &names);
      const char *text = names.release;
      unsigned long major = parse_number(&text, 10);
      unsigned long minor = *text == '.' ? (text++, parse_number(&text, 10)) : 0;
      unsigned long third = *text == '.' ? (text++, parse_number(&text, 10)) : 0;
      uint32_t code;
      memcpy(&code, content, sizeof code);
      say("kernel %u.%u.%u by note, %s by uname", code >> 16, code >> 8 & 255, code & 255,
          names.release);
      expect(from_file || (code >> 16 == major && (code >> 8 & 255) == minor &&
              (code & 255) == (third > 255 ? 255 : third)),
             "the note and uname name the same kernel");
    }
  }
  expect(version_seen, "a note of Linux with the kernel's version");
}

/* Value of a sorted-table entry: sdata4 relative to the table's start (LSB, .eh_frame_hdr). */
static void unwind_table(const elf_segment *segment) {
  const elf_header *header = (const elf_header *)vdso.image;
  for (unsigned i = 0; i < header->e_phnum; i++) {
    if (segment[i].p_type != SEGMENT_GNU_EH_FRAME) {
      continue;
    }
    const unsigned char *table = vdso.image + segment[i].p_offset;
    expect(table[0] == 1, "version 1 of .eh_frame_hdr");
    if (table[1] != 0x1b || table[2] != 0x03 || table[3] != 0x3b) {
      say("unwind table in encodings %x %x %x", table[1], table[2], table[3]);
      return;
    }
    int32_t entries[2];
    uint32_t count;
    memcpy(&count, table + 8, sizeof count);
    expect(inside(table + 12, count * 8ul), "the unwind table is loaded");
    int32_t last = INT32_MIN;
    unsigned covered = 0;
    for (uint32_t k = 0; k < count && inside(table + 12 + 8ul * k, 8); k++) {
      memcpy(entries, table + 12 + 8 * k, sizeof entries);
      expect(entries[0] > last, "the unwind table is sorted");
      expect(inside(table + entries[0], 4) && inside(table + entries[1], 16),
             "its entries point into the image");
      last = entries[0];
    }
    static const char *const trampolines[] = {"__kernel_sigtramp_rt64", "__kernel_sigtramp_rt32",
                                              "__kernel_sigtramp32"};
    for (size_t t = 0; t < COUNT(trampolines); t++) {
      const unsigned char *at = vdso_function(&vdso, trampolines[t]);
      if (!at) {
        continue;
      }
      const unsigned char *entry = NULL;
      for (uint32_t k = 0; k < count; k++) {
        memcpy(entries, table + 12 + 8 * k, sizeof entries);
        if (table + entries[0] <= at) {
          entry = table + entries[1];
        }
      }
      uint32_t back;
      if (!entry) {
        fail("%s has no unwind entry", trampolines[t]);
        continue;
      }
      covered++;
      /* The second word of an entry leads back to the record all its kind share, whose letters
       * follow a length, a zero and a version; 'S' marks a signal frame. */
      memcpy(&back, entry + 4, sizeof back);
      const char *letters = (const char *)(entry + 4 - back + 9);
      expect(inside(letters, 4) && letters[0] == 'z', "its letters begin with z");
      say("%s: unwind letters %s", trampolines[t], letters);
    }
    say("unwind table: %u entries, %u trampolines covered", count, covered);
  }
}

/* Room for more than the file, as the kernel maps whole pages of its image. */
static struct vdso open_file(const char *name) {
  long fd = sys(open, name, O_RDONLY, 0);
  unsigned char *image = fd < 0 ? NULL : map(NULL, 65536, PROT_READ, MAP_PRIVATE, (int)fd, 0);
  if (!image || is_error(image) || memcmp(image, "\177ELF", 4) != 0) {
    fail("%s is not an ELF file that can be read", name);
    return (struct vdso){.image = NULL};
  }
  return vdso_at((unsigned long)image);
}

int main(int argc, char **argv, char **envp) {
  (void)envp;
  from_file = argc > 1;
  vdso = from_file ? open_file(argv[1]) : vdso_open();
  if (!vdso.image) {
    unsigned long address = 0;
    expect(from_file || !auxiliary_value(AT_SYSINFO_EHDR, &address) || address == 0,
           "AT_SYSINFO_EHDR points to an image");
    say("no vDSO");
    return finish();
  }
  const elf_segment *segment = segments();
  dynamic_section(segment);
  symbols();
  notes(segment);
  unwind_table(segment);
  return finish();
}
