/* Do mappings, their permissions and the faults they raise behave as mmap(2) says? */
#include "guest.h"

#include <linux/mman.h>
#include <asm/siginfo.h>
#include <asm/signal.h>
#include <linux/fcntl.h>

static unsigned long page = 4096;

/* The last fault; the handler makes the page accessible, or steps over the load or store. */
static volatile int faults, fault_signal, fault_code;
static volatile unsigned long fault_address;
static void *volatile mend_at;

static void on_fault(int number, void *info, void *context) {
  const siginfo_t *what = info;
  (void)context;
  faults++;
  fault_signal = number;
  fault_code = what->si_code;
  fault_address = (unsigned long)what->si_addr;
  if (faults > 100) {
    fail("the same fault again and again");
    sys(exit_group, 1);
  }
  unsigned long start = fault_address & ~(page - 1);
  if (mend_at) {
    map((void *)start, page, PROT_READ | PROT_WRITE | PROT_EXEC,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  } else {
    sys(mprotect, start, page, PROT_READ | PROT_WRITE);
  }
}

static void expect_fault(const char *what, int code, const volatile void *at) {
  if (faults != 1 || fault_signal != SIGSEGV || fault_code != code ||
      fault_address != (unsigned long)at) {
    fail("%s: %d faults, signal %d, code %d (expected %d), address %lx (expected %lx)", what,
         faults, fault_signal, fault_code, code, fault_address, (unsigned long)at);
  }
  faults = 0;
}

static unsigned char *fresh(size_t pages, int protection) {
  void *p = map(NULL, pages * page, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (is_error(p)) {
    fail("mmap gives %ld", (long)p);
    sys(exit_group, finish());
  }
  return p;
}

static void anonymous(void) {
  unsigned char *p = fresh(8, PROT_READ | PROT_WRITE);
  size_t nonzero = 0;
  for (size_t i = 0; i < 8 * page; i++) {
    nonzero += p[i] != 0;
  }
  expect(nonzero == 0, "anonymous memory is zero");
  memset(p, 0x5a, 8 * page);
  void *again = map(p + 2 * page, page, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  expect(again == p + 2 * page, "MAP_FIXED gives the address asked for");
  expect(p[2 * page] == 0 && p[2 * page - 1] == 0x5a && p[3 * page] == 0x5a,
         "MAP_FIXED replaces exactly its pages");
#ifdef MAP_FIXED_NOREPLACE
  void *refused = map(p, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  expect(refused != p, "MAP_FIXED_NOREPLACE replaces nothing");
#endif
  expect(sys(munmap, p + 4 * page, 2 * page) == 0, "munmap of the middle");
  mend_at = p;
  faults = 0;
  *(volatile unsigned char *)(p + 4 * page + 5) = 1;
  expect_fault("a store to an unmapped page", SEGV_MAPERR, p + 4 * page + 5);
  mend_at = NULL;
  expect(p[4 * page - 1] == 0x5a && p[6 * page] == 0x5a, "munmap takes exactly its pages");
  expect(sys(munmap, p, 8 * page) == 0, "munmap of all");
  expect(sys(munmap, p + 1, page) == -EINVAL, "munmap of an unaligned address is EINVAL");
  expect((long)map(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == -EINVAL,
         "mmap of nothing is EINVAL");
  expect((long)map(NULL, page, PROT_READ, MAP_PRIVATE, -1, 0) == -EBADF,
         "mmap of no file is EBADF");
}

static void protections(void) {
  volatile unsigned char *p = fresh(2, PROT_READ | PROT_WRITE);
  p[0] = 7;
  p[page] = 9;
  expect(sys(mprotect, p, page, PROT_READ) == 0, "mprotect to read-only");
  faults = 0;
  p[3] = 8;
  expect_fault("a store to a read-only page", SEGV_ACCERR, p + 3);
  expect(p[3] == 8 && p[0] == 7, "the store happens once the page is writable");
  expect(sys(mprotect, p + page, page, PROT_NONE) == 0, "mprotect to nothing");
  unsigned char value = p[page];
  expect_fault("a load from a page without access", SEGV_ACCERR, p + page);
  expect(value == 9, "the load gives the old value once the page is readable");
  expect(sys(mprotect, p + 1, page, PROT_READ) == -EINVAL, "unaligned mprotect is EINVAL");
  sys(munmap, p, 2 * page);
  expect(sys(mprotect, p, page, PROT_READ) == -ENOMEM, "mprotect of unmapped memory is ENOMEM");
  expect(sys(write, 1, p, 1) == -EFAULT, "a system call on unmapped memory is EFAULT");
}

static void files(void) {
  long fd = sys(open, "/proc/self/exe", O_RDONLY, 0);
  if (fd < 0) {
    fail("/proc/self/exe cannot be opened (errno %ld)", -fd);
    return;
  }
  unsigned char *p = map(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE, (int)fd, 0);
  unsigned char head[4];
  sys(read, fd, head, sizeof head);
  expect(!is_error(p) && memcmp(p, "\177ELF", 4) == 0 && memcmp(p, head, 4) == 0,
         "a mapping of a file shows the file");
  if (!is_error(p)) {
    p[0] = 'x';
    expect(sys(lseek, fd, 0, 0) == 0 && sys(read, fd, head, 4) == 4 && head[0] == 0177,
           "a private mapping leaves the file alone");
    unsigned char *q = map(NULL, page, PROT_READ, MAP_PRIVATE, (int)fd, 0);
    expect(!is_error(q) && q[0] == 0177, "a second mapping sees the file");
    sys(munmap, q, page);
    sys(munmap, p, page);
  }
  expect((long)map(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, (int)fd, 0) == -EACCES,
         "a shared writable mapping of a read-only file is EACCES");
  sys(close, fd);
}

/* What lies behind the end of a file: zeros to the end of its last page, then SIGBUS. */
static void file_end(void) {
  long fd = sys(open, "/proc/self/exe", O_RDONLY, 0);
  unsigned long size = (unsigned long)sys(lseek, fd, 0, 2 /* SEEK_END */);
  unsigned long whole = (size + page - 1) & -page;
  unsigned char *p =
      map(NULL, whole + page, PROT_READ | PROT_WRITE, MAP_PRIVATE, (int)fd, 0);
  sys(close, fd);
  if (is_error(p)) {
    fail("mmap beyond the end of a file gives %ld", (long)p);
    return;
  }
  size_t nonzero = 0;
  for (size_t i = size; i < whole; i++) {
    nonzero += p[i] != 0;
  }
  expect(nonzero == 0, "a file's last page ends in zeros");
  if (whole > size) {
    p[whole - 1] = 77;
    long child = sys(fork);
    if (child == 0) {
      sys(exit_group, p[whole - 1] == 77 && p[0] == 0177 ? 0 : 1);
    }
    int status = -1;
    sys(wait4, child, &status, 0, NULL);
    expect(status == 0, "a child has what was written behind a file's end");
  }
  faults = 0;
  mend_at = p;
  *(volatile unsigned char *)(p + whole + 1) = 1;
  mend_at = NULL;
  if (faults != 1 || fault_signal != SIGBUS || fault_code != 2 /* BUS_ADRERR */ ||
      fault_address != (unsigned long)p + whole + 1) {
    fail("a store behind a file's last page: %d faults, signal %d, code %d, address %lx", faults,
         fault_signal, fault_code, fault_address);
  }
  faults = 0;
  sys(munmap, p, whole + page);
}

static void sharing(void) {
  unsigned char *p =
      map(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  unsigned char *own = fresh(1, PROT_READ | PROT_WRITE);
  long child = sys(fork);
  if (child == 0) {
    p[0] = own[0] = 33;
    sys(exit_group, 0);
  }
  int status = -1;
  sys(wait4, child, &status, 0, NULL);
  expect(status == 0 && p[0] == 33, "shared memory is shared with a child");
  expect(own[0] == 0, "private memory is not");
  sys(munmap, p, page);
  sys(munmap, own, page);
}

static void moving(void) {
  unsigned char *p = fresh(2, PROT_READ | PROT_WRITE);
  p[0] = 1;
  p[2 * page - 1] = 2;
  unsigned char *q = (unsigned char *)sys(mremap, p, 2 * page, 64 * page, 1 /* MREMAP_MAYMOVE */);
  expect(!is_error(q) && q[0] == 1 && q[2 * page - 1] == 2 && q[64 * page - 1] == 0,
         "mremap keeps the content and adds zeros");
  expect((unsigned char *)sys(mremap, q, 64 * page, page, 0) == q, "mremap shrinks in place");
  mend_at = q;
  faults = 0;
  *(volatile unsigned char *)(q + page) = 1;
  expect_fault("a store behind a shrunk mapping", SEGV_MAPERR, q + page);
  mend_at = NULL;
}

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  auxiliary_value(AT_PAGESZ, &page);
  say("pages of %lu bytes", page);
  expect(on_signal(SIGSEGV, on_fault, SA_SIGINFO) == 0, "sigaction of SIGSEGV");
  expect(on_signal(SIGBUS, on_fault, SA_SIGINFO) == 0, "sigaction of SIGBUS");
  anonymous();
  protections();
  files();
  file_end();
  sharing();
  moving();
  return finish();
}
