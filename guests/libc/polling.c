/* Do poll, select and their relatives say what is ready, time out, and stop for signals? */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

static volatile sig_atomic_t runs;

static void note(int number) {
  (void)number;
  runs++;
}

static void polls(void) {
  int ends[2], more[2];
  pipe(ends);
  pipe(more);
  struct pollfd fds[4] = {{.fd = ends[0], .events = POLLIN},
                          {.fd = ends[1], .events = POLLOUT},
                          {.fd = -5, .events = POLLIN, .revents = 77},
                          {.fd = 999, .events = POLLIN}};
  OK(poll(fds, 4, 0) == 2 && fds[0].revents == 0 && fds[1].revents == POLLOUT &&
         fds[2].revents == 0 && fds[3].revents == POLLNVAL,
     "an empty pipe, a writable end, a negative and a closed descriptor");
  write(ends[1], "x", 1);
  OK(poll(fds, 1, -1) == 1 && fds[0].revents == POLLIN, "a filled pipe");
  close(ends[1]);
  OK(poll(fds, 1, 0) == 1 && fds[0].revents == (POLLIN | POLLHUP), "its writer gone");
  struct pollfd reader_gone = {.fd = more[1], .events = POLLOUT};
  close(more[0]);
  OK(poll(&reader_gone, 1, 0) == 1 && (reader_gone.revents & POLLERR), "a reader gone is POLLERR");
  close(ends[0]);
  close(more[1]);
  int pair[2];
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  struct pollfd socket = {.fd = pair[0], .events = POLLIN | POLLRDHUP};
  close(pair[1]);
  OK(poll(&socket, 1, 0) == 1 && socket.revents == (POLLIN | POLLRDHUP | POLLHUP),
     "a socket whose peer is gone");
  close(pair[0]);
  struct timespec start, after;
  clock_gettime(CLOCK_MONOTONIC, &start);
  int result = poll(NULL, 0, 30);
  clock_gettime(CLOCK_MONOTONIC, &after);
  long long elapsed = (after.tv_sec - start.tv_sec) * 1000000000LL + after.tv_nsec - start.tv_nsec;
  OK(result == 0 && elapsed >= 30000000, "a time-out does not come early");
}

static void selects(void) {
  int ends[2];
  fd_set readable, writable;
  pipe(ends);
  FD_ZERO(&readable);
  FD_ZERO(&writable);
  FD_SET(ends[0], &readable);
  FD_SET(ends[1], &writable);
  struct timeval none = {0, 0};
  OK(select(ends[1] + 1, &readable, &writable, NULL, &none) == 1 && !FD_ISSET(ends[0], &readable) &&
         FD_ISSET(ends[1], &writable),
     "select");
  write(ends[1], "x", 1);
  FD_SET(ends[0], &readable);
  OK(select(ends[1] + 1, &readable, NULL, NULL, NULL) == 1 && FD_ISSET(ends[0], &readable),
     "select without a time-out");
  int high = dup2(ends[0], 900);
  FD_ZERO(&readable);
  FD_SET(high, &readable);
  struct timespec soon = {0, 0};
  OK(pselect(high + 1, &readable, NULL, NULL, &soon, NULL) == 1 && FD_ISSET(high, &readable),
     "pselect of a high descriptor");
  close(high);
  FAILS(select(high + 1, &readable, NULL, NULL, &none), EBADF, "a closed descriptor is EBADF");
  FAILS(select(-1, NULL, NULL, NULL, &none), EINVAL, "a negative count is EINVAL");
  none.tv_usec = -1;
  FAILS(select(0, NULL, NULL, NULL, &none), EINVAL, "a negative time is EINVAL");
  close(ends[0]);
  close(ends[1]);
}

static volatile int wait_result, wait_error;
static volatile bool done;

static void *waits(void *argument) {
  (void)argument;
  wait_result = poll(NULL, 0, -1);
  wait_error = errno;
  __atomic_store_n(&done, true, __ATOMIC_RELEASE);
  return NULL;
}

static void interruptions(void) {
  struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART};
  sigaction(SIGUSR1, &action, NULL);
  pthread_t thread;
  pthread_create(&thread, NULL, waits, NULL);
  while (!__atomic_load_n(&done, __ATOMIC_ACQUIRE)) {
    pthread_kill(thread, SIGUSR1);
    usleep(1000);
  }
  pthread_join(thread, NULL);
  OK(wait_result == -1 && wait_error == EINTR, "poll is interrupted even with SA_RESTART");
  sigset_t blocked, none;
  sigemptyset(&none);
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR1);
  sigprocmask(SIG_BLOCK, &blocked, NULL);
  runs = 0;
  raise(SIGUSR1);
  FAILS(ppoll(NULL, 0, NULL, &none), EINTR, "ppoll lets a blocked signal in");
  OK(runs == 1, "and its handler runs once");
  raise(SIGUSR1);
  FAILS(pselect(0, NULL, NULL, NULL, NULL, &none), EINTR, "pselect does as well");
  sigset_t current;
  sigprocmask(SIG_SETMASK, NULL, &current);
  OK(sigismember(&current, SIGUSR1) == 1 && runs == 2, "and the mask is as it was");
}

int main(void) {
  begin();
  polls();
  selects();
  interruptions();
  return end();
}
