/* Does the vDSO's getrandom give random bytes without a system call, and others in a child? */
#include "guest.h"

#if defined __powerpc__
#define NAME "__kernel_getrandom"
#else
#define NAME "__vdso_getrandom"
#endif

enum { SIZE = 1000, ROUNDS = 30 };

static const void *function;
static unsigned char *state;
static long state_size;

static long get(void *buffer, long size, long flags) {
  return function ? vdso_call5(function, (long)buffer, size, flags, (long)state, state_size)
                  : sys(getrandom, buffer, size, flags);
}

/* What the state has to be, and where it may lie, is the function's to say. */
static bool prepare(void) {
  struct {
    uint32_t size, protection, flags, reserved[13];
  } wanted;
  memset(&wanted, 0xff, sizeof wanted);
  long error = vdso_call5(function, 0, 0, 0, (long)&wanted, -1);
  if (error) {
    fail("asked for its state it says %ld", error);
    return false;
  }
  say("its state has %u bytes, protection %u, flags 0x%x", wanted.size, wanted.protection,
      wanted.flags);
  for (size_t i = 0; i < COUNT(wanted.reserved); i++) {
    expect(wanted.reserved[i] == 0, "what is reserved is 0");
  }
  state_size = wanted.size;
  state = map(NULL, 65536, (int)wanted.protection, (int)wanted.flags, -1, 0);
  if (is_error(state)) {
    fail("mmap of the state gives %ld", (long)state);
    return false;
  }
  return true;
}

static void check_child(void) {
  unsigned char mine[32], theirs[32];
  int ends[2], status = -1;
  sys(pipe, ends);
  long child = sys(fork);
  if (child == 0) {
    get(theirs, sizeof theirs, 0);
    sys(write, ends[1], theirs, sizeof theirs);
    sys(exit_group, 0);
  }
  get(mine, sizeof mine, 0);
  expect(sys(read, ends[0], theirs, sizeof theirs) == sizeof theirs, "the child answers");
  sys(wait4, child, &status, 0, NULL);
  expect(status == 0 && memcmp(mine, theirs, sizeof mine) != 0, "a child gets other bytes");
}

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  static unsigned char bytes[SIZE], last[SIZE];
  if (sys(getrandom, bytes, 1, 0) == -ENOSYS) {
    say("not on this kernel");
    return finish();
  }
  struct vdso vdso = vdso_open();
  function = vdso_function(&vdso, NAME);
  say("random bytes come from %s", function ? "the vDSO" : "the system call");
  if (function && !prepare()) {
    return finish();
  }
  long ones = 0;
  for (int i = 0; i < ROUNDS; i++) {
    long size = SIZE - i;
    expect(get(bytes, size, 0) == size, "all bytes are given");
    expect(memcmp(bytes, last, 64) != 0, "they are new");
    for (long k = 0; k < size; k++) {
      ones += __builtin_popcount(bytes[k]);
    }
    memcpy(last, bytes, SIZE);
  }
  long bits = 8L * (ROUNDS * SIZE - ROUNDS * (ROUNDS - 1) / 2);
  say("%ld of %ld bits are set", ones, bits);
  expect(ones > bits / 100 * 48 && ones < bits / 100 * 52, "half of the bits are set");
  expect(get(bytes, 0, 0) == 0, "nothing is given where nothing is wanted");
  expect(get(bytes, 8, 0x80) == -EINVAL, "an unknown flag is EINVAL");
  check_child();
  return finish();
}
