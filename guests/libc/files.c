/* Do files, directories, links and locks behave as their manual pages say? */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

/* Volatile, so that the compiler does not know better. */
static volatile unsigned long bad_address = 8;

static char directory[] = "/tmp/vestibule-files-XXXXXX";

static int make(const char *name, const char *text) {
  int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);
  write(fd, text, strlen(text));
  return fd;
}

static bool holds(const char *name, const char *text) {
  char buffer[256] = "";
  int fd = open(name, O_RDONLY);
  ssize_t size = read(fd, buffer, sizeof buffer - 1);
  close(fd);
  return size == (ssize_t)strlen(text) && memcmp(buffer, text, (size_t)size) == 0;
}

static void reading_and_writing(void) {
  char buffer[32];
  int fd = open("a", O_RDWR | O_CREAT | O_EXCL, 0640);
  OK(fd >= 0, "a file is created");
  FAILS(open("a", O_RDWR | O_CREAT | O_EXCL, 0640), EEXIST, "O_EXCL on an existing file is EEXIST");
  FAILS(open("absent", O_RDONLY), ENOENT, "an absent file is ENOENT");
  FAILS(open("a/b", O_RDONLY), ENOTDIR, "a file as a directory is ENOTDIR");
  FAILS(open(".", O_RDWR), EISDIR, "writing a directory is EISDIR");
  OK(write(fd, "0123456789", 10) == 10 && lseek(fd, 3, SEEK_SET) == 3 &&
         read(fd, buffer, 4) == 4 && memcmp(buffer, "3456", 4) == 0 && lseek(fd, 0, SEEK_CUR) == 7,
     "read, write and lseek");
  OK(pwrite(fd, "AB", 2, 8) == 2 && pread(fd, buffer, 10, 5) == 5 &&
         memcmp(buffer, "567AB", 5) == 0 && lseek(fd, 0, SEEK_CUR) == 7,
     "pread and pwrite leave the offset");
  struct iovec out[3] = {{"x", 1}, {"", 0}, {"yz", 2}};
  char one[2], two[8];
  struct iovec in[2] = {{one, 2}, {two, 8}};
  OK(lseek(fd, 0, SEEK_SET) == 0 && writev(fd, out, 3) == 3 && lseek(fd, 0, SEEK_SET) == 0 &&
         readv(fd, in, 2) == 10 && memcmp(one, "xy", 2) == 0 && memcmp(two, "z34567AB", 8) == 0,
     "readv and writev");
  FAILS(lseek(fd, -1, SEEK_SET), EINVAL, "a negative offset is EINVAL");
  OK(lseek(fd, 100000, SEEK_SET) == 100000 && write(fd, "e", 1) == 1 &&
         pread(fd, buffer, 2, 50000) == 2 && buffer[0] == 0,
     "a hole reads as zeros");
  off_t far = 5000000000LL;
  OK(ftruncate(fd, far) == 0 && lseek(fd, 0, SEEK_END) == far && pread(fd, buffer, 5, far - 1) == 1,
     "offsets beyond 4 GiB");
  OK(ftruncate(fd, 3) == 0 && pread(fd, buffer, 32, 0) == 3, "ftruncate");
  close(fd);
  fd = open("a", O_WRONLY | O_APPEND);
  OK(lseek(fd, 0, SEEK_SET) == 0 && write(fd, "!", 1) == 1 && holds("a", "xyz!"), "O_APPEND");
  FAILS(read(fd, buffer, 1), EBADF, "reading a write-only file is EBADF");
  close(fd);
  FAILS(write(fd, "", 1), EBADF, "a closed file is EBADF");
  int from = open("a", O_RDONLY), to = make("b", "");
  OK(sendfile(to, from, NULL, 100) == 4 && holds("b", "xyz!"), "sendfile");
  close(from);
  close(to);
}

static void descriptors(void) {
  int fd = open("a", O_RDONLY | O_CLOEXEC), copy = dup(fd);
  char byte;
  OK((fcntl(fd, F_GETFD) & FD_CLOEXEC) && !(fcntl(copy, F_GETFD) & FD_CLOEXEC),
     "close-on-exec is not duplicated");
  read(fd, &byte, 1);
  OK(lseek(copy, 0, SEEK_CUR) == 1, "duplicates share an offset");
  OK(dup2(fd, 50) == 50 && dup2(fd, fd) == fd && dup3(fd, 51, O_CLOEXEC) == 51 &&
         (fcntl(51, F_GETFD) & FD_CLOEXEC),
     "dup2 and dup3");
  FAILS(dup3(fd, fd, 0), EINVAL, "dup3 to itself is EINVAL");
  OK(fcntl(fd, F_DUPFD, 60) == 60, "F_DUPFD");
  OK((fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY && fcntl(fd, F_SETFL, O_NONBLOCK) == 0 &&
         (fcntl(copy, F_GETFL) & O_NONBLOCK),
     "status flags are shared");
  for (int n = 50; n <= 60; n++) {
    close(n);
  }
  close(fd);
  close(copy);
}

static void attributes(void) {
  struct stat st;
  mode_t old = umask(027);
  int fd = open("c", O_RDWR | O_CREAT, 0666);
  umask(old);
  OK(fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 07777) == 0640 &&
         st.st_nlink == 1 && st.st_size == 0 && st.st_uid == geteuid(),
     "fstat of a new file, under a umask");
  write(fd, "12345", 5);
  OK(fstat(fd, &st) == 0 && st.st_size == 5 && st.st_blksize > 0, "its size");
  close(fd);
  OK(chmod("c", 0600) == 0 && stat("c", &st) == 0 && (st.st_mode & 07777) == 0600, "chmod");
  struct timespec times[2] = {{1000000000, 123456789}, {1234567890, 987654321}};
  OK(utimensat(AT_FDCWD, "c", times, 0) == 0 && stat("c", &st) == 0 &&
         st.st_atim.tv_sec == 1000000000 && st.st_mtim.tv_sec == 1234567890 &&
         st.st_mtim.tv_nsec == 987654321,
     "utimensat to the nanosecond");
  times[0].tv_nsec = UTIME_OMIT;
  times[1].tv_nsec = UTIME_NOW;
  OK(utimensat(AT_FDCWD, "c", times, 0) == 0 && stat("c", &st) == 0 &&
         st.st_atim.tv_sec == 1000000000 && st.st_mtim.tv_sec > 1600000000,
     "UTIME_OMIT and UTIME_NOW");
  OK(access("c", R_OK | W_OK) == 0 && access("c", F_OK) == 0, "access");
  FAILS(access("absent", F_OK), ENOENT, "access of an absent file is ENOENT");
  struct stat other;
  OK(stat("/dev/null", &other) == 0 && S_ISCHR(other.st_mode) && other.st_rdev != 0 &&
         other.st_dev != st.st_dev,
     "a device file");
  struct statvfs system;
  OK(statvfs(".", &system) == 0 && system.f_bsize > 0 && system.f_namemax >= 14, "statvfs");
  fd = open("c", O_RDONLY);
  FAILS(read(fd, (void *)bad_address, 1), EFAULT, "a bad address is EFAULT");
  close(fd);
  char name[PATH_MAX + 10];
  memset(name, 'n', sizeof name);
  name[sizeof name - 1] = 0;
  FAILS(stat(name, &st), ENAMETOOLONG, "a long name is ENAMETOOLONG");
}

static void names(void) {
  struct stat a, b;
  char text[64];
  OK(link("c", "d") == 0 && stat("c", &a) == 0 && stat("d", &b) == 0 && a.st_ino == b.st_ino &&
         a.st_nlink == 2,
     "a hard link");
  OK(symlink("d", "s") == 0 && readlink("s", text, sizeof text) == 1 && text[0] == 'd' &&
         lstat("s", &b) == 0 && S_ISLNK(b.st_mode) && b.st_size == 1 && stat("s", &b) == 0 &&
         S_ISREG(b.st_mode),
     "a symbolic link");
  FAILS(open("s", O_RDONLY | O_NOFOLLOW), ELOOP, "O_NOFOLLOW is ELOOP");
  symlink("loop", "loop");
  FAILS(open("loop", O_RDONLY), ELOOP, "a loop of links is ELOOP");
  FAILS(readlink("c", text, 1), EINVAL, "readlink of a file is EINVAL");
  OK(rename("c", "e") == 0 && stat("e", &b) == 0 && b.st_ino == a.st_ino && access("c", F_OK) != 0,
     "rename");
  close(make("f", "other"));
  OK(rename("f", "d") == 0 && holds("d", "other") && stat("e", &b) == 0 && b.st_nlink == 1,
     "rename over another name");
  mkdir("dir", 0755);
  FAILS(rename("e", "dir"), EISDIR, "rename of a file over a directory is EISDIR");
  FAILS(rename("dir", "e"), ENOTDIR, "and the other way ENOTDIR");
  FAILS(rename("dir", "dir/below"), EINVAL, "a directory into itself is EINVAL");
  if (renameat2(AT_FDCWD, "e", AT_FDCWD, "d", RENAME_NOREPLACE) == -1 &&
      (errno == EINVAL || errno == ENOSYS)) {
    skip("RENAME_NOREPLACE", "not on this file system or kernel");
  } else {
    FAILS(renameat2(AT_FDCWD, "e", AT_FDCWD, "d", RENAME_NOREPLACE), EEXIST, "RENAME_NOREPLACE");
  }
  OK(unlink("d") == 0 && access("s", F_OK) != 0 && lstat("s", &b) == 0, "a dangling link stays");
  FAILS(unlink("dir"), EISDIR, "unlink of a directory is EISDIR");
  int fd = open("e", O_RDWR);
  OK(unlink("e") == 0 && write(fd, "alive", 5) == 5 && fstat(fd, &b) == 0 && b.st_nlink == 0,
     "an unlinked file lives as long as it is open");
  close(fd);
  OK(mkfifo("fifo", 0600) == 0 && stat("fifo", &b) == 0 && S_ISFIFO(b.st_mode), "mkfifo");
  FAILS(open("fifo", O_WRONLY | O_NONBLOCK), ENXIO, "a fifo without a reader is ENXIO");
}

static void directories(void) {
  char before[PATH_MAX], after[PATH_MAX], name[32];
  bool seen[300] = {false};
  OK(mkdirat(AT_FDCWD, "many", 0755) == 0, "mkdirat");
  int many = open("many", O_RDONLY | O_DIRECTORY);
  for (int i = 0; i < 300; i++) {
    snprintf(name, sizeof name, "entry-%d", i);
    close(openat(many, name, O_WRONLY | O_CREAT, 0600));
  }
  DIR *stream = opendir("many");
  int entries = 0, dots = 0;
  for (struct dirent *e; (e = readdir(stream)) != NULL;) {
    int number;
    if (sscanf(e->d_name, "entry-%d", &number) == 1 && number < 300 && !seen[number]) {
      seen[number] = true;
      entries++;
    } else if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) {
      dots++;
    } else {
      entries = -1000;
    }
  }
  OK(entries == 300 && dots == 2, "readdir gives each of 300 entries once");
  rewinddir(stream);
  readdir(stream);
  long place = telldir(stream);
  struct dirent *entry = readdir(stream);
  snprintf(name, sizeof name, "%.31s", entry->d_name);
  readdir(stream);
  seekdir(stream, place);
  entry = readdir(stream);
  OK(entry && strcmp(entry->d_name, name) == 0, "telldir and seekdir");
  closedir(stream);
  FAILS(rmdir("many"), ENOTEMPTY, "a full directory is ENOTEMPTY");
  FAILS(open("many/entry-0", O_RDONLY | O_DIRECTORY), ENOTDIR, "O_DIRECTORY on a file is ENOTDIR");
  getcwd(before, sizeof before);
  OK(fchdir(many) == 0 && getcwd(after, sizeof after) && strcmp(after + strlen(before), "/many") == 0,
     "fchdir and getcwd");
  OK(chdir("..") == 0 && getcwd(after, sizeof after) && strcmp(before, after) == 0, "chdir ..");
  FAILS(getcwd(after, 2) ? 0 : -1, ERANGE, "a small buffer is ERANGE");
  for (int i = 0; i < 300; i++) {
    snprintf(name, sizeof name, "entry-%d", i);
    unlinkat(many, name, 0);
  }
  close(many);
  OK(unlinkat(AT_FDCWD, "many", AT_REMOVEDIR) == 0, "unlinkat of an empty directory");
  FAILS(rmdir("."), EINVAL, "rmdir of . is EINVAL");
}

static void locks(void) {
  int fd = make("lock", "0123456789"), status = -1;
  struct flock region = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 2, .l_len = 3};
  OK(fcntl(fd, F_SETLK, &region) == 0, "a record lock");
  pid_t child = fork();
  if (child == 0) {
    struct flock mine = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 4, .l_len = 1};
    bool refused = fcntl(fd, F_SETLK, &mine) == -1 && (errno == EAGAIN || errno == EACCES);
    fcntl(fd, F_GETLK, &mine);
    bool named = mine.l_type == F_WRLCK && mine.l_start == 2 && mine.l_len == 3 &&
                 mine.l_pid == getppid();
    mine = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 5, .l_len = 0};
    _exit(refused && named && fcntl(fd, F_SETLK, &mine) == 0 ? 0 : 1);
  }
  waitpid(child, &status, 0);
  OK(status == 0, "holds against another process, which learns whose it is");
  OK(flock(fd, LOCK_EX) == 0, "flock");
  int other = open("lock", O_RDWR);
  FAILS(flock(other, LOCK_EX | LOCK_NB), EWOULDBLOCK, "holds against another open file");
  OK(flock(fd, LOCK_UN) == 0 && flock(other, LOCK_SH | LOCK_NB) == 0, "until it is released");
  close(other);
  close(fd);
}

static void mappings(void) {
  int fd = make("map", "0123456789");
  char *p = mmap(NULL, 10, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  memcpy(p, "shared", 6);
  OK(msync(p, 10, MS_SYNC) == 0 && holds("map", "shared6789"), "a shared mapping writes the file");
  pwrite(fd, "W", 1, 9);
  OK(p[9] == 'W', "and sees what is written");
  munmap(p, 10);
  close(fd);
}

int main(void) {
  begin();
  if (!mkdtemp(directory) || chdir(directory) != 0) {
    OK(false, "a directory to work in");
    return end();
  }
  reading_and_writing();
  descriptors();
  attributes();
  names();
  directories();
  locks();
  mappings();
  static const char *const left[] = {"a", "b", "s", "loop", "fifo", "lock", "map"};
  for (size_t i = 0; i < sizeof left / sizeof left[0]; i++) {
    unlink(left[i]);
  }
  OK(rmdir("dir") == 0 && rmdir(directory) == 0, "everything made can be removed");
  return end();
}
