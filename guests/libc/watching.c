/* Are watches of inotify(7), and events that nobody has read yet, still there after a while? It watches what
 * lies in the directory of its first argument, says "ready", waits for a file called "go" there, and looks. With
 * "renamed" or "removed" as its second argument it leaves a watch whose name leads nowhere. */
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

#define ROOM (sizeof(struct inotify_event) + NAME_MAX + 1)

static const char *directory;

static char *in_directory(const char *name) {
  char *path = NULL;
  asprintf(&path, "%s/%s", directory, name);
  return path;
}

static void touch(const char *name) {
  close(open(in_directory(name), O_CREAT | O_WRONLY, 0644));
}

static void append(const char *name) {
  int fd = open(in_directory(name), O_WRONLY | O_APPEND);
  write(fd, "x", 1);
  close(fd);
}

/* Events are read one at a time: the buffer has room for the longest one only. */
static const struct inotify_event *next(int fd) {
  static union {
    struct inotify_event event;
    char bytes[ROOM];
  } buffer;
  size_t size = sizeof buffer;
  int pending = 0;
  if (ioctl(fd, FIONREAD, &pending) == 0 && pending > 0) {
    struct inotify_event none;
    FAILS(read(fd, &none, sizeof none - 1), EINVAL, "no room for an event");
    for (size = sizeof buffer.event; read(fd, &buffer, size) < 0 && errno == EINVAL; size += 16) {
    }
    return &buffer.event;
  }
  return NULL;
}

static void tells(int fd, int wd, uint32_t mask, const char *name) {
  const struct inotify_event *event = next(fd);
  bool same = event && event->wd == wd && event->mask == mask &&
              strcmp(event->len ? event->name : "", name) == 0;
  if (event && !same) {
    printf("got watch %d mask %x name %s\n", event->wd, event->mask, event->len ? event->name : "");
  }
  char claim[100];
  snprintf(claim, sizeof claim, "event %x of watch %d, \"%s\"", mask, wd, name);
  OK(same, claim);
}

static bool silent(int fd) {
  struct pollfd poller = {fd, POLLIN, 0};
  char buffer[ROOM];
  int pending = -1;
  return poll(&poller, 1, 0) == 0 && ioctl(fd, FIONREAD, &pending) == 0 && pending == 0 &&
         read(fd, buffer, sizeof buffer) == -1 && errno == EAGAIN;
}

static void hold(void) {
  printf("ready\n");
  fflush(stdout);
  const char *go = in_directory("go");
  while (access(go, F_OK) != 0) {
    usleep(1000);
  }
}

int main(int count, char **arguments) {
  begin();
  directory = arguments[1];
  const char *lost = count > 2 ? arguments[2] : "";
  mkdir(in_directory("watched"), 0755);
  touch("plain"), touch("linked"), touch("once"), touch("brief"), touch("later"), touch("lost");
  int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC), quiet = inotify_init1(IN_NONBLOCK);
  int plain = inotify_add_watch(fd, in_directory("plain"), IN_MODIFY);
  int brief = inotify_add_watch(fd, in_directory("brief"), IN_MODIFY);
  int folder = inotify_add_watch(fd, in_directory("watched"), IN_CREATE | IN_MOVE | IN_DELETE | IN_OPEN);
  int once = inotify_add_watch(fd, in_directory("once"), IN_MODIFY | IN_ONESHOT);
  OK(plain == 1 && brief == 2 && folder == 3 && once == 4, "watches are numbered from 1");
  OK(inotify_add_watch(fd, in_directory("plain"), IN_ATTRIB | IN_MASK_ADD) == plain, "IN_MASK_ADD");
  OK(inotify_rm_watch(fd, brief) == 0, "inotify_rm_watch");
  tells(fd, brief, IN_IGNORED, "");
  OK(symlink("linked", in_directory("link")) == 0, "symlink");
  int link = inotify_add_watch(fd, in_directory("link"), IN_ATTRIB | IN_DONT_FOLLOW);
  int silence = inotify_add_watch(quiet, in_directory("watched"), IN_DELETE_SELF);
  int epoll = epoll_create1(0);
  struct epoll_event both[] = {{.events = EPOLLIN, .data.fd = fd}, {.events = EPOLLIN, .data.fd = quiet}}, got;
  OK(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &both[0]) == 0, "epoll_ctl");
  OK(epoll_ctl(epoll, EPOLL_CTL_ADD, quiet, &both[1]) == 0, "epoll_ctl");
  OK(silent(fd) && silent(quiet), "nothing has happened");
  int open_file = open(in_directory("watched/open"), O_CREAT | O_RDWR, 0644);
  touch("watched/a name that fills more than one header");
  touch("watched/moving");
  rename(in_directory("watched/moving"), in_directory("watched/renamed"));
  append("plain");
  if (strcmp(lost, "") != 0) {
    OK(inotify_add_watch(fd, in_directory("lost"), IN_MODIFY) > 0, "one more watch");
    int kept = open(in_directory("lost"), O_RDONLY);
    OK(kept >= 0, "kept open");
    if (strcmp(lost, "renamed") == 0) {
      rename(in_directory("lost"), in_directory("found"));
    } else {
      unlink(in_directory("lost"));
    }
    close(kept);
  }
  int last = inotify_add_watch(fd, in_directory("later"), IN_MODIFY);
  OK(inotify_rm_watch(fd, last) == 0, "the watch with the highest number goes");
  OK(fcntl(fd, F_SETFD, 0) == 0, "fcntl");

  hold();

  OK(epoll_wait(epoll, &got, 1, 0) == 1 && got.data.fd == fd, "epoll sees what is pending");
  tells(fd, folder, IN_CREATE, "open");
  tells(fd, folder, IN_OPEN, "open");
  tells(fd, folder, IN_CREATE, "a name that fills more than one header");
  tells(fd, folder, IN_OPEN, "a name that fills more than one header");
  tells(fd, folder, IN_CREATE, "moving");
  tells(fd, folder, IN_OPEN, "moving");
  const struct inotify_event *event = next(fd);
  uint32_t cookie = event ? event->cookie : 0;
  OK(event && event->mask == IN_MOVED_FROM && cookie != 0 && strcmp(event->name, "moving") == 0, "moved from");
  event = next(fd);
  OK(event && event->mask == IN_MOVED_TO && event->cookie == cookie && strcmp(event->name, "renamed") == 0, "moved to");
  tells(fd, plain, IN_MODIFY, "");
  if (strcmp(lost, "removed") == 0) {
    tells(fd, last - 1, IN_IGNORED, "");
  }
  tells(fd, last, IN_IGNORED, "");
  OK(silent(fd) && silent(quiet), "nothing else has happened");
  OK(epoll_wait(epoll, &got, 1, 0) == 0, "epoll sees nothing");
  OK(write(open_file, "x", 1) == 1, "the open file");
  touch("watched/new");
  tells(fd, folder, IN_CREATE, "new");
  tells(fd, folder, IN_OPEN, "new");
  append("plain");
  tells(fd, plain, IN_MODIFY, "");
  chmod(in_directory("plain"), 0600);
  tells(fd, plain, IN_ATTRIB, "");
  chmod(in_directory("linked"), 0600);
  OK(silent(fd), "a watch of a link is not one of what it leads to");
  unlink(in_directory("link"));
  tells(fd, link, IN_ATTRIB, "");
  tells(fd, link, IN_IGNORED, "");
  append("once"), append("once");
  tells(fd, once, IN_MODIFY, "");
  tells(fd, once, IN_IGNORED, "");
  OK(silent(fd), "IN_ONESHOT");
  OK(inotify_add_watch(fd, in_directory("plain"), IN_MODIFY) == plain, "the same file has the same number");
  chmod(in_directory("plain"), 0644);
  OK(silent(fd), "another mask takes the place of the old one");
  OK(inotify_add_watch(fd, in_directory("brief"), IN_MODIFY) == last + 1, "a new number is a new one");
  FAILS(inotify_rm_watch(fd, brief), EINVAL, "a number that has gone");
  OK(inotify_rm_watch(fd, last + 1) == 0, "the new one goes");
  tells(fd, last + 1, IN_IGNORED, "");
  rename(in_directory("watched"), in_directory("elsewhere"));
  unlink(in_directory("elsewhere/renamed"));
  tells(fd, folder, IN_DELETE, "renamed");
  OK(silent(quiet), "the other one has not been told");
  OK(inotify_rm_watch(quiet, silence) == 0, "its watch");
  tells(quiet, silence, IN_IGNORED, "");
  return end();
}
