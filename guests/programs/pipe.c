/* Does a pipe between two processes carry bytes in order, block, end, and break? */
#include "guest.h"

#include <asm/signal.h>
#include <linux/fcntl.h>

enum { TOTAL = 200000 };

static unsigned char byte_at(unsigned i) {
  return (unsigned char)(i * 2654435761u >> 24);
}

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  int ends[2];
  long error = sys(pipe, ends);
  if (error) {
    fail("pipe gives %ld", error);
    return finish();
  }
  long child = sys(fork);
  if (child == 0) {
    sys(close, ends[0]);
    static unsigned char block[3000];
    for (unsigned at = 0; at < TOTAL;) {
      unsigned size = TOTAL - at < sizeof block ? TOTAL - at : sizeof block;
      for (unsigned i = 0; i < size; i++) {
        block[i] = byte_at(at + i);
      }
      for (unsigned done = 0; done < size;) {
        long written = sys(write, ends[1], block + done, size - done);
        if (written <= 0) {
          sys(exit_group, 1);
        }
        done += (unsigned)written;
      }
      at += size;
    }
    sys(exit_group, 0);
  }
  sys(close, ends[1]);
  static unsigned char block[4096];
  unsigned at = 0, wrong = 0;
  for (long got; (got = sys(read, ends[0], block, sizeof block)) > 0; at += (unsigned)got) {
    for (long i = 0; i < got; i++) {
      wrong += block[i] != byte_at(at + (unsigned)i);
    }
  }
  int status = -1;
  sys(wait4, child, &status, 0, NULL);
  say("%u bytes came through, %u wrong", at, wrong);
  expect(at == TOTAL && wrong == 0 && status == 0, "every byte comes through in order");
  sys(close, ends[0]);

  sys(pipe, ends);
  sys(fcntl, ends[0], F_SETFL, O_NONBLOCK);
  expect(sys(read, ends[0], block, 1) == -EAGAIN, "an empty pipe is EAGAIN without blocking");
  sys(close, ends[0]);
  on_signal(SIGPIPE, (signal_handler *)1 /* SIG_IGN */, 0);
  expect(sys(write, ends[1], "x", 1) == -EPIPE, "writing without a reader is EPIPE");
  sys(close, ends[1]);
  expect(sys(write, ends[1], "x", 1) == -EBADF, "a closed end is EBADF");
  return finish();
}
