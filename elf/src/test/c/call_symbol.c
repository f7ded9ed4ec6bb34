/*
 * call_symbol FILE SYMBOL VERSION: maps an image as a kernel maps a vDSO, finds
 * a function in it the way C libraries do (program headers, DT_HASH or
 * DT_GNU_HASH, version definitions) and prints what the function returns.
 */
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static ElfW(Addr) bias;
static const char *strings;
static const ElfW(Sym) *symbols;
static const ElfW(Half) *versym;
static const ElfW(Verdef) *verdef;
static const uint32_t *sysv, *gnu;

static void die(const char *what)
{
	fprintf(stderr, "call_symbol: %s\n", what);
	exit(1);
}

static uint32_t elf_hash(const char *s)
{
	uint32_t h = 0, g;
	for (; *s; s++) {
		h = (h << 4) + (unsigned char)*s;
		g = h & 0xf0000000;
		h = (h ^ g >> 24) & ~g;
	}
	return h;
}

static int has_version(unsigned i, const char *version)
{
	const ElfW(Verdef) *d = verdef;
	const ElfW(Verdaux) *a;
	for (;;) {
		a = (const void *)((const char *)d + d->vd_aux);
		if (!(d->vd_flags & VER_FLG_BASE) &&
		    d->vd_ndx == (versym[i] & 0x7fff))
			return d->vd_hash == elf_hash(version) &&
			       !strcmp(strings + a->vda_name, version);
		if (!d->vd_next)
			return 0;
		d = (const void *)((const char *)d + d->vd_next);
	}
}

static int matches(unsigned i, const char *name, const char *version)
{
	return symbols[i].st_shndx != SHN_UNDEF &&
	       !strcmp(strings + symbols[i].st_name, name) &&
	       has_version(i, version);
}

static unsigned by_sysv(const char *name, const char *version)
{
	unsigned i = sysv[2 + elf_hash(name) % sysv[0]];
	while (i && !matches(i, name, version))
		i = sysv[2 + sysv[0] + i];
	return i;
}

static unsigned by_gnu(const char *name, const char *version)
{
	const ElfW(Addr) *bloom = (const void *)(gnu + 4);
	const uint32_t *buckets = (const void *)(bloom + gnu[2]);
	const uint32_t *chain = buckets + gnu[0];
	const unsigned bits = 8 * sizeof *bloom;
	uint32_t h = 5381;
	const char *s;
	ElfW(Addr) word;
	unsigned i;

	for (s = name; *s; s++)
		h = h * 33 + (unsigned char)*s;
	word = bloom[h / bits & (gnu[2] - 1)];
	if (!(word >> h % bits & word >> (h >> gnu[3]) % bits & 1))
		return 0;
	for (i = buckets[h % gnu[0]]; i; i++) {
		if ((chain[i - gnu[1]] | 1) == (h | 1) && matches(i, name, version))
			return i;
		if (chain[i - gnu[1]] & 1)
			break;
	}
	return 0;
}

/* Not through a C function pointer: ELFv1 would take it for a descriptor. */
static long call(ElfW(Addr) address)
{
	register long result asm("r3") = 0;
	register ElfW(Addr) target asm("r12") = address;
	asm volatile("mtctr %1\n\tbctrl"
		     : "+r"(result), "+r"(target)
		     :
		     : "r0", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11",
		       "lr", "ctr", "cc", "memory");
	return result;
}

int main(int argc, char **argv)
{
	const ElfW(Phdr) *ph;
	const ElfW(Ehdr) *eh;
	const ElfW(Dyn) *dyn = NULL;
	unsigned i, s = 0, g = 0;
	struct stat st;
	void *image;
	int fd;

	if (argc != 4)
		die("usage: call_symbol FILE SYMBOL VERSION");
	fd = open(argv[1], O_RDONLY);
	if (fd < 0 || fstat(fd, &st))
		die("cannot open the file");
	image = mmap(NULL, st.st_size, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	if (image == MAP_FAILED)
		die("cannot map the file");
	eh = image;
	ph = (const void *)((const char *)image + eh->e_phoff);
	for (i = 0; i < eh->e_phnum; i++) {
		if (ph[i].p_type == PT_LOAD)
			bias = (ElfW(Addr))image + ph[i].p_offset - ph[i].p_vaddr;
		if (ph[i].p_type == PT_DYNAMIC)
			dyn = (const void *)((const char *)image + ph[i].p_offset);
	}
	if (!dyn)
		die("no dynamic table");
	for (; dyn->d_tag != DT_NULL; dyn++) {
		const void *p = (const void *)(dyn->d_un.d_ptr + bias);
		switch (dyn->d_tag) {
		case DT_STRTAB: strings = p; break;
		case DT_SYMTAB: symbols = p; break;
		case DT_VERSYM: versym = p; break;
		case DT_VERDEF: verdef = p; break;
		case DT_HASH: sysv = p; break;
		case DT_GNU_HASH: gnu = p; break;
		}
	}
	if (!strings || !symbols || !versym || !verdef)
		die("a table is missing");
	if (sysv)
		s = by_sysv(argv[2], argv[3]);
	if (gnu)
		g = by_gnu(argv[2], argv[3]);
	if ((sysv && !s) || (gnu && s && g != s) || !(s | g))
		die("the symbol is not found");
	printf("%ld\n", call(symbols[s ? s : g].st_value + bias));
	return 0;
}
