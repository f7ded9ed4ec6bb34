/* Readers of the vDSO that do not compute its load bias (run address minus address in the image):
 *   bias zero     takes addresses in the image as they are
 *   bias mapping  adds the address of the mapping, whatever p_vaddr says */
#include "guest.h"

int main(int argc, char **argv, char **envp) {
  (void)envp;
  struct vdso vdso = vdso_open();
  if (argc != 2 || !vdso.image) {
    fail(vdso.image ? "arguments: zero | mapping" : "no vDSO");
    return finish();
  }
  unsigned long bias = !strcmp(argv[1], "zero") ? 0 : (unsigned long)vdso.image;
  const elf_header *header = (const elf_header *)vdso.image;
  const elf_segment *segment = (const elf_segment *)(vdso.image + header->e_phoff);
  const elf_dynamic *dynamic = NULL;
  for (unsigned i = 0; i < header->e_phnum; i++) {
    if (segment[i].p_type == PT_DYNAMIC) {
      dynamic = (const elf_dynamic *)(vdso.image + segment[i].p_offset);
    }
  }
  for (; dynamic && dynamic->d_tag != DT_NULL; dynamic++) {
    if (dynamic->d_tag == DT_STRTAB) {
      const char *strings = (const char *)(bias + dynamic->d_un.d_ptr);
      say("strings at 0x%lx", (unsigned long)strings);
      /* The first string of a table is empty, and the table of these images names their soname. */
      expect(strings[0] == '\0', "a string table begins with a zero");
      bool found = false;
      for (int i = 0; i < 512; i++) {
        found |= starts_with(strings + i, "linux-vdso");
      }
      expect(found, "the soname is among the strings");
    }
  }
  return finish();
}
