/* What every bundled guest program is given: start-up values, raw system calls, the vDSO, printing.
 * No C library is involved, so the programs show what the kernel does and nothing else. */
#ifndef GUEST_H
#define GUEST_H

#include <asm/unistd.h>
#include <linux/auxvec.h>
#include <linux/errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "syscall.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NOINLINE __attribute__((noinline))

/* A time as the machine word's system calls have it (32-bit seconds on a 32-bit guest). */
struct word_timespec {
  long sec;
  long nsec;
};

struct word_timeval {
  long sec;
  long usec;
};

/* Start-up. */
extern const char *program_name; /* last part of argv[0] */
extern char **environment;
extern const unsigned long (*auxiliary)[2]; /* pairs of type and value, the last of type AT_NULL */
extern const unsigned long *initial_stack;  /* where argc was */
bool auxiliary_value(unsigned long type, unsigned long *value);
int main(int argc, char **argv, char **envp);

/* Results: finish() is how every program ends. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
void expect(bool held, const char *what); /* a failure named WHAT unless held */
int finish(void); /* says "ok NAME" or "FAIL NAME", gives the exit status */

/* Memory and text. */
void *memcpy(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
bool starts_with(const char *s, const char *prefix);
bool contains(const char *s, const char *part);
unsigned long parse_number(const char **s, unsigned base);
/* Next line of a text file read through FD, without its newline; false at the end. */
struct lines {
  int fd;
  size_t have, at;
  char buffer[2048];
};
bool next_line(struct lines *lines, char *line, size_t size);

static inline int own_pid(void) {
  return (int)sys(getpid);
}

static inline int own_tid(void) {
  return (int)sys(gettid);
}

/* Where a function's instructions are: on ELFv1 its name is a descriptor that says so. */
unsigned long code_address(const void *function);

/* Signals, without SA_RESTORER where the kernel supplies the way back. */
typedef void signal_handler(int number, void *info, void *context);
long on_signal(int number, signal_handler *handler, unsigned long flags);
void send_self(int number);

/* Memory: as mmap(2), offset in bytes; negative errno as an address on failure. */
void *map(void *at, size_t size, int protection, int flags, int fd, unsigned long offset);
bool is_error(const void *address);

/* Threads: a new one runs function(argument) on a stack that ends at TOP and then ends itself. The
 * kernel puts its id into *ID, and zero when it is gone; TLS is its thread pointer. */
long start_thread(void (*function)(void *), void *argument, void *top, int *id, unsigned long tls);
unsigned long thread_pointer(void);

/* The vDSO. */
struct vdso {
  const unsigned char *image; /* NULL when there is none */
  unsigned long bias;         /* run address minus address in the image */
  unsigned long size;         /* bytes of the one loaded segment */
  const char *strings;
  const void *symbols;
  const uint16_t *versions;
  const unsigned char *version_definitions;
  const uint32_t *hash;
  const uint32_t *gnu_hash;
};
struct vdso vdso_open(void);
struct vdso vdso_at(unsigned long address);
/* Address of NAME under VERSION as a C library looks it up; NULL when it is not there. */
const void *vdso_symbol(const struct vdso *vdso, const char *name, const char *version);
/* The same with whatever version the image defines. */
const void *vdso_function(const struct vdso *vdso, const char *name);
uint32_t elf_hash(const char *name);
uint32_t gnu_hash(const char *name);
const void *hash_lookup(const struct vdso *vdso, const char *name);
const void *gnu_lookup(const struct vdso *vdso, const char *name);
const char *version_name(const struct vdso *vdso, unsigned index, uint32_t *hash);
/* Calls a vDSO function by the vDSO's rules; negative errno on failure. */
long vdso_call(const void *function, long a, long b, long c);
long vdso_call5(const void *function, long a, long b, long c, long d, long e);
/* The same for a function that returns 64 bits and cannot fail. */
uint64_t vdso_call_wide(const void *function);
uint64_t read_timebase(void);

#if __SIZEOF_POINTER__ == 8
#include "elf64.h"
#else
#include "elf32.h"
#endif
#endif
