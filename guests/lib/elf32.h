/* The 32-bit forms of ELF's records under the names the programs use. */
#include <linux/elf.h>
typedef Elf32_Ehdr elf_header;
typedef Elf32_Phdr elf_segment;
typedef Elf32_Sym elf_symbol;
typedef Elf32_Dyn elf_dynamic;
#define GUEST_ELF_CLASS ELFCLASS32
#define GUEST_BLOOM_BITS 32
