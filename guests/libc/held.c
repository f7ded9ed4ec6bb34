/* Is everything that a program holds open still as it was after a while? It sets up what its first argument
 * names inside the directory of its second, says "ready", waits for a file called "go" there, and looks. */
#include <fcntl.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static const char *directory;

static char *in_directory(const char *name) {
  char *path = NULL;
  asprintf(&path, "%s/%s", directory, name);
  return path;
}

static void hold(void) {
  printf("ready\n");
  fflush(stdout);
  const char *go = in_directory("go");
  while (access(go, F_OK) != 0) {
    usleep(1000);
  }
}

static bool receives(int fd, const char *text) {
  char buffer[256] = "";
  ssize_t got = recv(fd, buffer, sizeof buffer - 1, MSG_DONTWAIT);
  bool same = got == (ssize_t)strlen(text) && memcmp(buffer, text, (size_t)got) == 0;
  if (!same) {
    printf("got %zd \"%s\" for \"%s\"\n", got, buffer, text);
  }
  return same;
}

static bool sends(int fd, const char *text) {
  return send(fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text);
}

static bool works(int from, int to) {
  return sends(from, "works") && receives(to, "works");
}

/* ---- unix sockets */

static socklen_t unix_name(struct sockaddr_un *to, const char *name) {
  memset(to, 0, sizeof *to);
  to->sun_family = AF_UNIX;
  strcpy(to->sun_path + (name[0] == '@'), name + (name[0] == '@'));
  return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name) + (name[0] != '@'));
}

static int unix_bound(int type, const char *name) {
  struct sockaddr_un address;
  socklen_t size = unix_name(&address, name);
  int fd = socket(AF_UNIX, type, 0);
  OK(fd >= 0 && bind(fd, (struct sockaddr *)&address, size) == 0, name);
  return fd;
}

static int unix_connect(int fd, const char *name) {
  struct sockaddr_un address;
  socklen_t size = unix_name(&address, name);
  return connect(fd, (struct sockaddr *)&address, size);
}

static bool named(int fd, const char *name, int (*ask)(int, struct sockaddr *, socklen_t *)) {
  struct sockaddr_un want, got = {0};
  socklen_t size = unix_name(&want, name), length = sizeof got;
  return ask(fd, (struct sockaddr *)&got, &length) == 0 &&
         (name[0] ? length == size && memcmp(&want, &got, size) == 0 : length == 2);
}

static int option(int fd, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  getsockopt(fd, SOL_SOCKET, name, &value, &size);
  return value;
}

static void listening(void) {
  char *path = in_directory("listener");
  int unbound = socket(AF_UNIX, SOCK_STREAM, 0);
  int by_path = unix_bound(SOCK_STREAM, path);
  int by_abstract = unix_bound(SOCK_SEQPACKET, "@vestibule held");
  int silent = unix_bound(SOCK_STREAM, in_directory("silent"));
  OK(chdir(directory) == 0, "chdir");
  int relative = unix_bound(SOCK_STREAM, "relative");
  int lost = unix_bound(SOCK_STREAM, in_directory("lost"));
  unlink(in_directory("lost"));
  OK(listen(by_path, 5) == 0 && listen(by_abstract, 5) == 0 && listen(relative, 0) == 0, "listen");
  int first = socket(AF_UNIX, SOCK_STREAM, 0), second = socket(AF_UNIX, SOCK_STREAM, 0);
  int packets = socket(AF_UNIX, SOCK_SEQPACKET, 0);
  OK(unix_connect(first, path) == 0 && unix_connect(second, path) == 0, "connect by path");
  OK(unix_connect(packets, "@vestibule held") == 0, "connect by abstract name");
  OK(sends(first, "early") && sends(packets, "one") && sends(packets, "two"), "send before accept");
  shutdown(second, SHUT_WR);
  hold();
  OK(named(unbound, "", getsockname), "an unbound socket has no name");
  OK(named(by_path, path, getsockname) && option(by_path, SO_ACCEPTCONN) == 1, "name by path");
  OK(named(by_abstract, "@vestibule held", getsockname), "abstract name");
  OK(named(relative, "relative", getsockname), "relative name");
  OK(named(lost, in_directory("lost"), getsockname), "a deleted name stays");
  FAILS(unix_connect(unbound, in_directory("silent")), ECONNREFUSED, "bound, but not listening");
  OK(option(silent, SO_ACCEPTCONN) == 0, "SO_ACCEPTCONN");
  struct sockaddr_un again;
  socklen_t size = unix_name(&again, "@vestibule held");
  int same = socket(AF_UNIX, SOCK_SEQPACKET, 0);
  FAILS(bind(same, (struct sockaddr *)&again, size), EADDRINUSE, "the abstract name is taken");
  int served = accept(by_path, NULL, NULL), ended = accept(by_path, NULL, NULL);
  char end;
  OK(receives(served, "early") && works(served, first) && works(first, served), "first pending");
  OK(recv(ended, &end, 1, 0) == 0 && works(ended, second), "second pending, shut down");
  OK(named(first, path, getpeername) && named(served, path, getsockname), "names of a connection");
  int sequenced = accept(by_abstract, NULL, NULL);
  OK(receives(sequenced, "one") && receives(sequenced, "two"), "packets keep their borders");
  OK(unix_connect(unbound, "relative") == 0 && works(unbound, accept(relative, NULL, NULL)),
     "a new connection");
  struct ucred credentials;
  socklen_t length = sizeof credentials;
  OK(getsockopt(served, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0 &&
         credentials.pid == getpid(),
     "SO_PEERCRED");
}

static void connected(void) {
  static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
  int pairs[3][2], half[2], closed[2], gone[2], mute[2];
  char buffer[64] = "";
  for (int i = 0; i < 3; i++) {
    OK(socketpair(AF_UNIX, types[i] | (i == 1 ? SOCK_NONBLOCK : 0), 0, pairs[i]) == 0, "socketpair");
    OK(sends(pairs[i][0], "forth") && sends(pairs[i][1], "back") && sends(pairs[i][1], ", and again"),
       "both directions");
  }
  OK(recv(pairs[0][0], buffer, 2, 0) == 2, "takes a part of a stream");
  socketpair(AF_UNIX, SOCK_STREAM, 0, half);
  socketpair(AF_UNIX, SOCK_STREAM, 0, closed);
  socketpair(AF_UNIX, SOCK_SEQPACKET, 0, gone);
  socketpair(AF_UNIX, SOCK_STREAM, 0, mute);
  sends(half[0], "last");
  shutdown(half[0], SHUT_WR);
  sends(closed[0], "left behind");
  sends(closed[1], "unread");
  close(closed[0]); /* with "unread" in it */
  sends(gone[0], "farewell");
  close(gone[0]);
  shutdown(mute[0], SHUT_RDWR);
  int on = 1;
  struct timeval limit = {0, 20000}, seen = {9, 9};
  OK(setsockopt(pairs[2][0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on) == 0, "SO_PASSCRED");
  OK(setsockopt(half[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0, "SO_RCVTIMEO");
  hold();
  OK(receives(pairs[0][0], "ck, and again"), "the rest of a stream");
  OK(receives(pairs[1][0], "back") && receives(pairs[1][0], ", and again"), "datagrams");
  OK(receives(pairs[2][0], "back") && receives(pairs[2][0], ", and again"), "packets");
  for (int i = 0; i < 3; i++) {
    OK(receives(pairs[i][1], "forth") && works(pairs[i][0], pairs[i][1]) &&
           works(pairs[i][1], pairs[i][0]),
       "a pair goes on");
  }
  FAILS(recv(pairs[1][0], buffer, sizeof buffer, 0), EAGAIN, "O_NONBLOCK stays");
  OK(option(pairs[2][0], SO_PASSCRED) == 1 && option(pairs[2][1], SO_PASSCRED) == 0, "SO_PASSCRED stays");
  socklen_t size = sizeof seen;
  OK(getsockopt(half[0], SOL_SOCKET, SO_RCVTIMEO, &seen, &size) == 0 && seen.tv_usec == 20000,
     "SO_RCVTIMEO stays");
  OK(receives(half[1], "last") && recv(half[1], buffer, 1, 0) == 0 && works(half[1], half[0]), "half shut");
  FAILS(send(half[0], "x", 1, MSG_NOSIGNAL), EPIPE, "writing is shut");
  FAILS(recv(half[0], buffer, 1, 0), EAGAIN, "the time limit");
  FAILS(send(closed[1], "x", 1, MSG_NOSIGNAL), EPIPE, "nobody reads");
  OK(receives(gone[1], "farewell") && recv(gone[1], buffer, 1, 0) == 0, "what was sent before the end");
  OK(recv(mute[1], buffer, 1, 0) == 0, "both directions shut");
  FAILS(send(mute[1], "x", 1, MSG_NOSIGNAL), EPIPE, "both directions shut");
}

static void datagrams(void) {
  char *here = in_directory("here");
  int server = unix_bound(SOCK_DGRAM, here), client = unix_bound(SOCK_DGRAM, "@client");
  int other = socket(AF_UNIX, SOCK_DGRAM, 0), late = unix_bound(SOCK_DGRAM, "@late");
  int dead = socket(AF_UNIX, SOCK_DGRAM, 0);
  OK(unix_connect(client, here) == 0 && unix_connect(other, here) == 0 &&
         unix_connect(dead, "@late") == 0,
     "connect");
  close(late);
  OK(sends(client, "from client") && sends(client, "") && sends(other, "from other"), "send");
  hold();
  struct sockaddr_un from, want;
  socklen_t length = sizeof from, size = unix_name(&want, "@client");
  char buffer[64];
  OK(recvfrom(server, buffer, sizeof buffer, 0, (struct sockaddr *)&from, &length) == 11 &&
         length == size && memcmp(&from, &want, size) == 0,
     "the sender's address");
  OK(receives(server, "") && receives(server, "from other"), "an empty datagram is one");
  OK(works(client, server) && works(other, server), "connections of datagrams");
  FAILS(send(dead, "x", 1, MSG_NOSIGNAL), ECONNREFUSED, "the other one is closed");
  FAILS(send(server, "x", 1, MSG_NOSIGNAL), ENOTCONN, "one direction only");
}

/* ---- descriptors in flight */

static void send_descriptor(int through, int fd) {
  struct iovec data = {"d", 1};
  char control[CMSG_SPACE(sizeof fd)] = {0};
  struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control,
                           .msg_controllen = sizeof control};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof fd);
  memcpy(CMSG_DATA(header), &fd, sizeof fd);
  OK(sendmsg(through, &message, 0) == 1, "sends a descriptor");
}

static int receive_descriptor(int through) {
  char byte, control[CMSG_SPACE(sizeof(int))] = {0};
  struct iovec data = {&byte, 1};
  struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control,
                           .msg_controllen = sizeof control};
  int fd = -1;
  if (recvmsg(through, &message, MSG_DONTWAIT) == 1 && CMSG_FIRSTHDR(&message)) {
    memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
  }
  return fd;
}

static void rights(void) {
  int pair[2], inner[2], ends[2];
  char buffer[16] = "";
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  socketpair(AF_UNIX, SOCK_DGRAM, 0, inner);
  OK(pipe(ends) == 0 && write(ends[1], "piped", 5) == 5, "a pipe");
  int file = open(in_directory("file"), O_CREAT | O_RDWR, 0600);
  OK(write(file, "0123456789", 10) == 10 && lseek(file, 3, SEEK_SET) == 3, "a file");
  sends(inner[1], "inside");
  send_descriptor(pair[0], ends[0]);
  send_descriptor(pair[0], file);
  send_descriptor(pair[0], inner[0]);
  send_descriptor(pair[0], pair[1]); /* through itself */
  close(ends[0]);
  close(file);
  close(inner[0]);
  hold();
  int got = receive_descriptor(pair[1]);
  OK(read(got, buffer, sizeof buffer) == 5 && write(ends[1], "more", 4) == 4 &&
         read(got, buffer, sizeof buffer) == 4,
     "a pipe that was in flight");
  got = receive_descriptor(pair[1]);
  OK(read(got, buffer, 2) == 2 && buffer[0] == '3', "a file that was in flight");
  got = receive_descriptor(pair[1]);
  OK(receives(got, "inside") && works(got, inner[1]), "a socket that was in flight");
  got = receive_descriptor(pair[1]);
  OK(works(pair[0], got), "a socket that was in flight through itself");
}

/* A child that is to be frozen without its parent, to whom it is connected. */
static void outside(void) {
  int pair[2];
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  pid_t child = fork();
  if (child == 0) {
    close(pair[0]);
    hold();
    _exit(sends(pair[1], "still there") ? 0 : 1);
  }
  close(pair[1]);
  int status = -1;
  OK(waitpid(child, &status, 0) == child && status == 0, "the child ends");
}

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    void (*run)(void);
  } kinds[] = {{"listening", listening}, {"connected", connected}, {"datagrams", datagrams},
               {"rights", rights},       {"outside", outside}};
  begin();
  directory = argc > 2 ? argv[2] : ".";
  for (size_t i = 0; argc > 1 && i < sizeof kinds / sizeof kinds[0]; i++) {
    if (strcmp(kinds[i].name, argv[1]) == 0) {
      kinds[i].run();
      return end();
    }
  }
  return 2;
}
