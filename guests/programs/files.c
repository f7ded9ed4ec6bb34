/* Do directories, links, files and their descriptors answer as their man pages say? */
#include "guest.h"

#include <asm/ioctls.h>
#include <asm/stat.h>
#include <asm/termbits.h>
#include <linux/fcntl.h>
#include <linux/resource.h>
#include <linux/utsname.h>

/* As getdents64(2) gives it. */
struct directory_entry {
  uint64_t inode;
  int64_t offset;
  uint16_t length;
  uint8_t type;
  char name[];
} __attribute__((packed));

#ifdef __NR_fstatat64
typedef struct stat64 file_status;
#define fstatat(...) sys(fstatat64, __VA_ARGS__)
#define status_of(fd, status) sys(fstat64, fd, status)
#else
typedef struct stat file_status;
#define fstatat(...) sys(newfstatat, __VA_ARGS__)
#define status_of(fd, status) sys(fstat, fd, status)
#endif

#ifndef __NR_ugetrlimit /* where getrlimit always was what it is */
#define __NR_ugetrlimit __NR_getrlimit
#endif

static const char *const self = "/proc/self/exe";

static void directory(void) {
  long fd = sys(open, "/", O_RDONLY | O_DIRECTORY, 0);
  expect(fd >= 0, "the root can be opened");
  static uint64_t block[512];
  unsigned entries = 0, dots = 0;
  for (long got; (got = sys(getdents64, fd, block, sizeof block)) > 0;) {
    for (long at = 0; at < got;) {
      const struct directory_entry *entry = (const void *)((const char *)block + at);
      dots += !strcmp(entry->name, ".") || !strcmp(entry->name, "..");
      entries++;
      at += entry->length;
    }
  }
  say("the root has %u entries", entries - dots);
  expect(dots == 2, "the root has . and ..");
  file_status one, other;
  expect(status_of(fd, &one) == 0, "fstat");
  long error = fstatat(fd, ".", &other, 0);
  expect(error == -ENOSYS || (error == 0 && one.st_ino == other.st_ino), "a directory is its own .");
  error = fstatat(AT_FDCWD, "/no such file", &other, 0);
  expect(error == -ENOSYS || error == -ENOENT, "what is missing is ENOENT");
  error = sys(openat, fd, "no such file", O_RDONLY, 0);
  expect(error == -ENOSYS || error == -ENOENT, "so it is beside a descriptor");
  sys(close, fd);
}

static void link_and_access(void) {
  static char target[4096];
  long length = sys(readlink, self, target, sizeof target - 1);
  expect(length > 0 && target[0] == '/', "/proc/self/exe is a link to an absolute path");
  unsigned name = 0;
  for (unsigned i = 0; i < (unsigned)length; i++) {
    name = target[i] == '/' ? i + 1 : name;
  }
  expect(!strcmp(target + name, program_name), "it is named like the program");
  expect(sys(readlink, "/", target, sizeof target) == -EINVAL, "the root is no link");
  expect(sys(access, self, 1) == 0, "the program may be executed");
  expect(sys(access, "/no such file", 0) == -ENOENT, "access to what is missing is ENOENT");
  expect(sys(getcwd, target, sizeof target) > 1 && target[0] == '/', "the directory has a path");
}

static void file(void) {
  long fd = sys(open, self, O_RDONLY, 0);
  file_status status;
  expect(fd >= 0 && status_of(fd, &status) == 0, "the program can be opened");
  unsigned char magic[4] = {0}, again[4] = {0};
  expect(sys(read, fd, magic, 4) == 4 && !memcmp(magic, "\177ELF", 4), "it is an ELF file");
  expect(sys(lseek, fd, 0, 1) == 4, "reading moves on");
  expect(sys(lseek, fd, 0, 2) == (long)status.st_size, "its end is its size");
  expect(sys(read, fd, again, 4) == 0, "there is nothing behind");
  expect(sys(lseek, fd, -1, 0) == -EINVAL, "there is nothing before");
  struct termios terminal;
  expect(sys(ioctl, fd, TCGETS, &terminal) == -ENOTTY, "it is no terminal");
  expect((sys(fcntl, fd, F_GETFL, 0) & O_ACCMODE) == O_RDONLY, "it is open for reading");
  expect(sys(write, fd, "x", 1) == -EBADF, "so it cannot be written");
  expect(sys(fcntl, fd, F_SETFD, FD_CLOEXEC) == 0, "F_SETFD");
  long other = sys(dup, fd);
  expect(sys(fcntl, other, F_GETFD, 0) == 0, "a duplicate survives exec");
  expect(sys(lseek, other, 1, 0) == 1 && sys(lseek, fd, 0, 1) == 1, "both are at the same place");
  sys(close, fd);
  expect(sys(read, fd, again, 4) == -EBADF, "what is closed is EBADF");
  expect(sys(read, other, again, 3) == 3 && !memcmp(again, "ELF", 3), "its duplicate is not");
  sys(close, other);
}

static void settings(void) {
  struct new_utsname names;
  expect(sys(uname, &names) == 0 && !strcmp(names.sysname, "Linux"), "this is Linux");
  struct rlimit limit;
  expect(sys(ugetrlimit, RLIMIT_NOFILE, &limit) == 0, "ugetrlimit");
  struct {
    uint64_t now, most;
  } wide;
  long error = sys(prlimit64, 0, RLIMIT_NOFILE, NULL, &wide);
  expect(error == -ENOSYS || (error == 0 && wide.now == limit.rlim_cur), "prlimit64 agrees");
  expect(sys(fcntl, (long)limit.rlim_cur, F_GETFD, 0) == -EBADF, "no descriptor beyond the limit");
}

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  directory();
  link_and_access();
  file();
  settings();
  return finish();
}
