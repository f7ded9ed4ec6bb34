/* Do epoll, eventfd and signalfd report what happened, once or as long as it lasts? */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"

static int ready(int epoll, struct epoll_event *event) {
  return epoll_wait(epoll, event, 1, 0);
}

static void counters(void) {
  uint64_t value = 5;
  int fd = eventfd(3, EFD_NONBLOCK | EFD_CLOEXEC);
  OK(fd >= 0 && (fcntl(fd, F_GETFD) & FD_CLOEXEC), "eventfd with EFD_CLOEXEC");
  write(fd, &value, 8);
  OK(read(fd, &value, 8) == 8 && value == 8, "an eventfd adds up");
  FAILS(read(fd, &value, 8), EAGAIN, "an empty eventfd is EAGAIN");
  FAILS(read(fd, &value, 4), EINVAL, "a short read is EINVAL");
  value = UINT64_MAX;
  FAILS(write(fd, &value, 8), EINVAL, "the greatest value is EINVAL");
  value = UINT64_MAX - 1;
  OK(write(fd, &value, 8) == 8, "the next smaller one fits");
  value = 1;
  FAILS(write(fd, &value, 8), EAGAIN, "a full eventfd is EAGAIN");
  close(fd);
  fd = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
  OK(read(fd, &value, 8) == 8 && value == 1 && read(fd, &value, 8) == 8 && value == 1 &&
         read(fd, &value, 8) == -1,
     "an eventfd as a semaphore");
  close(fd);
}

static void polling(void) {
  int epoll = epoll_create1(EPOLL_CLOEXEC), ends[2];
  struct epoll_event event = {.events = EPOLLIN, .data.u64 = 0x1122334455667788ull}, got;
  char byte;
  OK(epoll >= 0 && pipe(ends) == 0, "epoll_create1");
  OK(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event) == 0, "EPOLL_CTL_ADD");
  FAILS(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event), EEXIST, "adding twice is EEXIST");
  FAILS(epoll_ctl(epoll, EPOLL_CTL_MOD, ends[1], &event), ENOENT, "changing a stranger is ENOENT");
  FAILS(epoll_ctl(epoll, EPOLL_CTL_ADD, epoll, &event), EINVAL, "watching itself is EINVAL");
  FAILS(epoll_ctl(epoll, EPOLL_CTL_ADD, 999, &event), EBADF, "a closed descriptor is EBADF");
  OK(ready(epoll, &got) == 0, "an empty pipe is not ready");
  write(ends[1], "xy", 2);
  OK(ready(epoll, &got) == 1 && got.events == EPOLLIN && got.data.u64 == 0x1122334455667788ull,
     "a filled pipe is ready, with its data");
  OK(ready(epoll, &got) == 1, "level-triggered: as long as it lasts");
  event.events = EPOLLIN | EPOLLET;
  epoll_ctl(epoll, EPOLL_CTL_MOD, ends[0], &event);
  OK(ready(epoll, &got) == 1 && ready(epoll, &got) == 0, "edge-triggered: once");
  write(ends[1], "z", 1);
  OK(ready(epoll, &got) == 1 && ready(epoll, &got) == 0, "edge-triggered: again after a write");
  event.events = EPOLLIN | EPOLLONESHOT;
  epoll_ctl(epoll, EPOLL_CTL_MOD, ends[0], &event);
  write(ends[1], "z", 1);
  OK(ready(epoll, &got) == 1 && ready(epoll, &got) == 0, "one shot: once");
  write(ends[1], "z", 1);
  OK(ready(epoll, &got) == 0, "one shot: not again");
  epoll_ctl(epoll, EPOLL_CTL_MOD, ends[0], &event);
  OK(ready(epoll, &got) == 1, "one shot: after EPOLL_CTL_MOD");
  event.events = EPOLLIN;
  epoll_ctl(epoll, EPOLL_CTL_MOD, ends[0], &event);
  int outer = epoll_create1(0);
  epoll_ctl(outer, EPOLL_CTL_ADD, epoll, &event);
  OK(ready(outer, &got) == 1, "an epoll in an epoll is ready");
  close(ends[1]);
  for (int i = 0; i < 5; i++) {
    read(ends[0], &byte, 1);
  }
  OK(ready(epoll, &got) == 1 && got.events == EPOLLHUP, "a pipe without a writer is EPOLLHUP");
  OK(epoll_ctl(epoll, EPOLL_CTL_DEL, ends[0], NULL) == 0 && ready(epoll, &got) == 0,
     "EPOLL_CTL_DEL");
  close(ends[0]);
  close(outer);

  int pair[2];
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP;
  epoll_ctl(epoll, EPOLL_CTL_ADD, pair[0], &event);
  OK(ready(epoll, &got) == 1 && got.events == EPOLLOUT, "an idle socket is EPOLLOUT");
  shutdown(pair[1], SHUT_WR);
  OK(ready(epoll, &got) == 1 && got.events == (EPOLLIN | EPOLLOUT | EPOLLRDHUP),
     "a half-closed socket is EPOLLRDHUP");
  int copy = dup(pair[0]);
  close(pair[0]);
  OK(ready(epoll, &got) == 1, "a watched file lives as long as a duplicate");
  close(copy);
  OK(ready(epoll, &got) == 0, "and is forgotten with the last one");
  close(pair[1]);
  struct epoll_event many[4];
  FAILS(epoll_wait(epoll, many, 0, 0), EINVAL, "no room for events is EINVAL");
  close(epoll);
}

static void signals(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigaddset(&set, SIGRTMIN + 1);
  sigprocmask(SIG_BLOCK, &set, NULL);
  int fd = signalfd(-1, &set, SFD_NONBLOCK);
  struct signalfd_siginfo info[4];
  FAILS(read(fd, info, sizeof info), EAGAIN, "a signalfd without signals is EAGAIN");
  union sigval value = {.sival_int = 42};
  sigqueue(getpid(), SIGRTMIN + 1, value);
  value.sival_int = 43;
  sigqueue(getpid(), SIGRTMIN + 1, value);
  kill(getpid(), SIGUSR1);
  ssize_t size = read(fd, info, sizeof info);
  OK(size == 3 * (ssize_t)sizeof info[0], "three signals come in one read");
  OK(info[0].ssi_signo == SIGUSR1 && info[0].ssi_code == SI_USER &&
         info[0].ssi_pid == (uint32_t)getpid(),
     "a kill with its sender");
  OK(info[1].ssi_signo == (uint32_t)SIGRTMIN + 1 && info[1].ssi_int == 42 &&
         info[2].ssi_int == 43 && info[1].ssi_code == SI_QUEUE,
     "queued signals in order with their values");
  int epoll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN}, got;
  epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
  OK(ready(epoll, &got) == 0, "the signalfd is not ready");
  kill(getpid(), SIGUSR1);
  OK(ready(epoll, &got) == 1, "it is with a signal");
  OK(read(fd, info, sizeof info[0]) == sizeof info[0] && ready(epoll, &got) == 0,
     "and not once that is read");
  close(fd);
  close(epoll);
}

int main(void) {
  begin();
  counters();
  polling();
  signals();
  return end();
}
