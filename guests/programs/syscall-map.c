/* Does the map of system calls in the data page say what calling them says? */
#include "guest.h"

static const uint32_t *bitmap;

static bool is_set(unsigned number) {
  return bitmap[number >> 5] >> (31 - (number & 31)) & 1;
}

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  struct vdso vdso = vdso_open();
  const void *function = vdso_function(&vdso, "__kernel_get_syscall_map");
  if (!function) {
    say("no get_syscall_map in %s", vdso.image ? "this vDSO" : "the absent vDSO");
    return finish();
  }
  unsigned count = 0;
  long found = vdso_call(function, (long)&count, 0, 0);
  expect(found == vdso_call(function, 0, 0, 0), "the count may be NULL");
  expect(count > 200 && count < 2000, "the count is plausible");
  bitmap = (const uint32_t *)found;
  unsigned set = 0;
  for (unsigned i = 0; i < count; i++) {
    set += is_set(i);
  }
  say("%u system call numbers, %u of them implemented", count, set);

  static const unsigned present[] = {
      __NR_exit,  __NR_read,   __NR_write,        __NR_close,       __NR_execve,
      __NR_brk,   __NR_getpid, __NR_rt_sigaction, __NR_rt_sigreturn, __NR_clock_gettime,
      __NR_clone, __NR_futex,  __NR_munmap,       __NR_gettimeofday, __NR_exit_group,
  };
  for (size_t i = 0; i < COUNT(present); i++) {
    if (present[i] >= count || !is_set(present[i])) {
      fail("system call %u is not in the map", present[i]);
    }
  }
  /* Numbers that answer without doing anything. */
  static const unsigned harmless[] = {
      __NR_getpid,  __NR_getppid, __NR_getuid,  __NR_geteuid,     __NR_getgid,
      __NR_getegid, __NR_gettid,  __NR_getpgrp, __NR_sched_yield,
  };
  for (size_t i = 0; i < COUNT(harmless); i++) {
    long answer = SYS0(harmless[i]);
    if (is_set(harmless[i]) != (answer != -ENOSYS)) {
      fail("system call %u: in the map %d, answer %ld", harmless[i], is_set(harmless[i]), answer);
    }
  }
  /* A number that is not in the map does nothing, so it can be tried with anything. */
  unsigned tried = 0;
  for (unsigned i = 0; i < count; i++) {
    if (!is_set(i)) {
      long answer = SYS6(i, -1, -1, -1, -1, -1, -1);
      tried++;
      if (answer != -ENOSYS) {
        fail("system call %u is not in the map and answers %ld", i, answer);
      }
    }
  }
  say("%u numbers that are not in the map answer ENOSYS", tried);
  return finish();
}
