/* The 64-bit forms of ELF's records under the names the programs use. */
#include <linux/elf.h>
typedef Elf64_Ehdr elf_header;
typedef Elf64_Phdr elf_segment;
typedef Elf64_Sym elf_symbol;
typedef Elf64_Dyn elf_dynamic;
#define GUEST_ELF_CLASS ELFCLASS64
#define GUEST_BLOOM_BITS 64
