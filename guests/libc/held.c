/* Is everything that a program holds open still as it was after a while? It sets up what its first argument
 * names inside the directory of its second, says "ready", waits for a file called "go" there, and looks. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "check.h"

enum { PATIENCE = 120000 }; /* milliseconds */

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

/* ---- pipes */

static bool takes(int fd, const char *text) {
  char buffer[64] = "";
  ssize_t got = read(fd, buffer, sizeof buffer);
  return got == (ssize_t)strlen(text) && memcmp(buffer, text, (size_t)got) == 0;
}

static bool puts_into(int fd, const char *text) {
  return write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

static void fifo(void) {
  char *path = in_directory("fifo"), *half = in_directory("half");
  OK(mkfifo(path, 0640) == 0 && mkfifo(half, 0600) == 0, "mkfifo");
  int reader = open(path, O_RDONLY | O_NONBLOCK), writer = open(path, O_WRONLY);
  int alone = open(half, O_RDWR | O_NONBLOCK);
  OK(reader >= 0 && writer >= 0 && puts_into(writer, "queued") && puts_into(alone, "own"), "opens");
  hold();
  OK(takes(reader, "queued") && puts_into(writer, "more") && takes(reader, "more"), "goes on");
  char byte;
  FAILS(read(reader, &byte, 1), EAGAIN, "O_NONBLOCK stays");
  int another = open(path, O_WRONLY | O_NONBLOCK);
  OK(another >= 0 && puts_into(another, "new") && takes(reader, "new"), "a new writer");
  close(writer);
  close(another);
  OK(read(reader, &byte, 1) == 0, "ends with its writers");
  OK(takes(alone, "own"), "read and written by one");
}

static void packets(void) {
  int ends[2], plain[2];
  OK(pipe2(ends, O_DIRECT | O_NONBLOCK) == 0 && pipe(plain) == 0, "pipe2");
  OK(fcntl(plain[0], F_SETPIPE_SZ, 1 << 17) >= 1 << 17, "F_SETPIPE_SZ");
  int size = fcntl(plain[0], F_GETPIPE_SZ);
  OK(puts_into(ends[1], "one") && puts_into(ends[1], "another"), "packets");
  OK(puts_into(plain[1], "one") && puts_into(plain[1], " another"), "bytes");
  hold();
  OK(takes(ends[0], "one") && takes(ends[0], "another"), "packets keep their borders");
  OK(puts_into(ends[1], "x") && puts_into(ends[1], "y") && takes(ends[0], "x") && takes(ends[0], "y"),
     "so do new ones");
  OK(takes(plain[0], "one another") && fcntl(plain[1], F_GETPIPE_SZ) == size, "bytes have none");
}

/* ---- files without a name */

static bool reads_on(int fd, const char *text) {
  char buffer[64] = "";
  return read(fd, buffer, strlen(text)) == (ssize_t)strlen(text) && memcmp(buffer, text, strlen(text)) == 0;
}

static void deleted(void) {
  char *path = in_directory("deleted");
  int both = open(path, O_CREAT | O_RDWR, 0400), reader = open(path, O_RDONLY);
  int never = open(directory, O_TMPFILE | O_RDWR, 0600), empty = open(in_directory("empty"), O_CREAT | O_WRONLY, 0600);
  OK(both >= 0 && reader >= 0 && never >= 0 && empty >= 0, "opens");
  OK(puts_into(both, "0123456789") && lseek(reader, 4, SEEK_SET) == 4 && puts_into(never, "unnamed"), "writes");
  unlink(path);
  unlink(in_directory("empty"));
  close(open(path, O_CREAT | O_WRONLY, 0600)); /* another file with its name */
  hold();
  struct stat one, other;
  OK(fstat(both, &one) == 0 && fstat(reader, &other) == 0 && one.st_ino == other.st_ino &&
         one.st_nlink == 0 && one.st_size == 10 && (one.st_mode & 07777) == 0400,
     "one file, and no name");
  OK(reads_on(reader, "456") && puts_into(both, "ab") && lseek(reader, 10, SEEK_SET) == 10 &&
         reads_on(reader, "ab"),
     "shared by two");
  FAILS(write(reader, "x", 1), EBADF, "opened for reading");
  OK(lseek(never, 0, SEEK_CUR) == 7 && lseek(never, 0, SEEK_SET) == 0 && reads_on(never, "unnamed"),
     "never had a name");
  OK(puts_into(empty, "x") && fstat(empty, &one) == 0 && one.st_size == 1, "an empty one");
  OK(stat(path, &one) == 0 && one.st_size == 0, "the other file is left alone");
}

static void in_memory(void) {
  int sealed = memfd_create("sealed", MFD_ALLOW_SEALING | MFD_CLOEXEC), plain = memfd_create("plain", 0);
  OK(sealed >= 0 && plain >= 0, "memfd_create");
  OK(puts_into(sealed, "content") && puts_into(plain, "more of it") && lseek(plain, 5, SEEK_SET) == 5, "writes");
  OK(fcntl(sealed, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_WRITE) == 0, "seals");
  int seals = fcntl(plain, F_GET_SEALS), copy = dup(plain);
  hold();
  OK(reads_on(plain, "of it") && lseek(copy, 0, SEEK_CUR) == 10, "position, shared by a copy");
  OK(fcntl(sealed, F_GET_SEALS) == (F_SEAL_SHRINK | F_SEAL_WRITE) && fcntl(plain, F_GET_SEALS) == seals,
     "seals stay");
  FAILS(write(sealed, "x", 1), EPERM, "sealed against writing");
  OK(lseek(sealed, 0, SEEK_SET) == 0 && reads_on(sealed, "content"), "content");
  OK((fcntl(sealed, F_GETFD) & FD_CLOEXEC) && !(fcntl(plain, F_GETFD) & FD_CLOEXEC), "close on exec");
  char link[64] = "", name[64];
  snprintf(name, sizeof name, "/proc/self/fd/%d", plain);
  OK(readlink(name, link, sizeof link - 1) > 0 && strcmp(link, "/memfd:plain (deleted)") == 0, "its name");
  OK(puts_into(plain, "!"), "goes on");
}

/* ---- pseudo-terminals */

static void terminal(void) {
  int master = posix_openpt(O_RDWR | O_NOCTTY), locked = posix_openpt(O_RDWR | O_NOCTTY);
  OK(master >= 0 && locked >= 0 && grantpt(master) == 0 && unlockpt(master) == 0, "posix_openpt");
  char path[64], held[64];
  strcpy(path, ptsname(master));
  strcpy(held, ptsname(locked));
  pid_t child = fork(); /* in a session of its own */
  if (child == 0) {
    setsid();
    int slave = open(path, O_RDWR);
    struct termios settings;
    struct winsize size = {30, 100, 0, 0};
    OK(slave >= 0 && tcgetattr(slave, &settings) == 0, "the slave");
    settings.c_cc[VINTR] = 7;
    settings.c_oflag &= (tcflag_t)~OPOST;
    OK(tcsetattr(slave, TCSANOW, &settings) == 0 && ioctl(slave, TIOCSWINSZ, &size) == 0, "settings");
    OK(puts_into(slave, "printed\n") && puts_into(master, "typed\nhalf"), "both directions");
    hold();
    OK(tcgetsid(slave) == getpid() && tcgetpgrp(slave) == getpgrp(), "controlling terminal");
    int own = open("/dev/tty", O_RDWR);
    OK(own >= 0 && strcmp(ttyname(slave), path) == 0, "/dev/tty and the name");
    memset(&size, 0, sizeof size);
    OK(ioctl(own, TIOCGWINSZ, &size) == 0 && size.ws_row == 30 && size.ws_col == 100, "window size");
    OK(tcgetattr(slave, &settings) == 0 && settings.c_cc[VINTR] == 7 && !(settings.c_oflag & OPOST) &&
           (settings.c_lflag & ICANON),
       "termios");
    OK(takes(slave, "typed\n"), "what was typed");
    char echoed[64] = "";
    read(master, echoed, sizeof echoed);
    OK(strncmp(echoed, "printed\n", 8) == 0 && strstr(echoed, "half"), "what was printed");
    OK(puts_into(master, "way\n") && takes(slave, "halfway\n"), "the line being typed");
    FAILS(open(held, O_RDWR | O_NOCTTY), EIO, "locked");
    OK(unlockpt(locked) == 0 && open(held, O_RDWR | O_NOCTTY) >= 0, "unlocked");
    int another = posix_openpt(O_RDWR | O_NOCTTY);
    OK(another >= 0 && strcmp(ptsname(another), path) != 0 && strcmp(ptsname(another), held) != 0,
       "numbers stay taken");
    _exit(end());
  }
  close(master);
  close(locked);
  int status = -1;
  while (waitpid(child, &status, 0) != child) {
  }
  OK(status == 0, "the child ends");
}

/* ---- sockets on loopback */

static int inet_bound(int type) {
  struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, type, 0);
  OK(fd >= 0 && bind(fd, (struct sockaddr *)&any, sizeof any) == 0, "bind");
  return fd;
}

static struct sockaddr_in inet_name(int fd, int (*ask)(int, struct sockaddr *, socklen_t *)) {
  struct sockaddr_in name = {0};
  socklen_t size = sizeof name;
  if (ask(fd, (struct sockaddr *)&name, &size) != 0) {
    name.sin_port = 0;
  }
  return name;
}

static bool inet_connect(int fd, int to) {
  struct sockaddr_in name = inet_name(to, getsockname);
  return connect(fd, (struct sockaddr *)&name, sizeof name) == 0;
}

struct connection {
  int client, server;
};

static struct connection tcp_connection(int listener) {
  struct connection made = {socket(AF_INET, SOCK_STREAM, 0), -1};
  OK(inet_connect(made.client, listener), "connect");
  made.server = accept(listener, NULL, NULL);
  return made;
}

static bool soon(int fd, const char *text) {
  struct pollfd ready = {.fd = fd, .events = POLLIN};
  return poll(&ready, 1, PATIENCE) == 1 && receives(fd, text);
}

static bool carries(int from, int to) {
  return sends(from, "works") && soon(to, "works");
}

static bool at_end(int fd) {
  struct pollfd ready = {.fd = fd, .events = POLLIN};
  char byte;
  return poll(&ready, 1, PATIENCE) == 1 && recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
}

static void tcp(void) {
  static char block[5000];
  int listener = inet_bound(SOCK_STREAM), bound = inet_bound(SOCK_STREAM);
  int unbound = socket(AF_INET, SOCK_STREAM, 0), pending = socket(AF_INET, SOCK_STREAM, 0);
  OK(listen(listener, 3) == 0, "listen");
  struct connection plain = tcp_connection(listener), half = tcp_connection(listener);
  struct connection gone = tcp_connection(listener), reset = tcp_connection(listener);
  struct connection both = tcp_connection(listener), full = tcp_connection(listener);
  OK(inet_connect(pending, listener) && sends(pending, "early"), "a connection not accepted");
  OK(sends(plain.client, "forth") && sends(plain.server, "back") && sends(plain.server, ", and again"),
     "both directions");
  char buffer[64];
  OK(recv(plain.client, buffer, 2, MSG_WAITALL) == 2, "takes a part");
  sends(half.client, "last");
  shutdown(half.client, SHUT_WR);
  sends(gone.server, "farewell");
  close(gone.server);
  sends(reset.client, "unread");
  struct pollfd arrived = {.fd = reset.server, .events = POLLIN};
  poll(&arrived, 1, PATIENCE);
  close(reset.server); /* with "unread" in it */
  shutdown(both.client, SHUT_WR);
  shutdown(both.server, SHUT_WR);
  OK(at_end(both.client) && at_end(both.server), "both directions shut");
  fcntl(full.client, F_SETFL, O_NONBLOCK);
  unsigned long written = 0, number = 0;
  while (true) {
    for (size_t i = 0; i < sizeof block; i++) {
      block[i] = (char)((written + i) * 7 + ((written + i) >> 9));
    }
    ssize_t done = write(full.client, block, sizeof block);
    if (done <= 0) {
      break;
    }
    written += (unsigned long)done;
  }
  OK(written > 100000, "as much as goes in");
  int on = 1, minute = 60;
  OK(setsockopt(plain.client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0 &&
         setsockopt(plain.client, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) == 0 &&
         setsockopt(plain.client, IPPROTO_TCP, TCP_KEEPIDLE, &minute, sizeof minute) == 0,
     "options");
  struct sockaddr_in names[] = {inet_name(listener, getsockname), inet_name(bound, getsockname),
                                inet_name(plain.client, getsockname), inet_name(pending, getsockname)};
  hold();
  OK(inet_name(listener, getsockname).sin_port == names[0].sin_port && option(listener, SO_ACCEPTCONN) == 1,
     "the listener's port");
  OK(inet_name(bound, getsockname).sin_port == names[1].sin_port, "a bound port");
  OK(inet_name(plain.client, getsockname).sin_port == names[2].sin_port &&
         inet_name(plain.server, getpeername).sin_port == names[2].sin_port &&
         inet_name(plain.client, getpeername).sin_port == names[0].sin_port &&
         inet_name(plain.server, getsockname).sin_port == names[0].sin_port,
     "the ports of a connection");
  int available = -1;
  OK(ioctl(plain.client, FIONREAD, &available) == 0 && available == 13, "FIONREAD");
  OK(recv(plain.client, buffer, 4, MSG_PEEK) == 4 && memcmp(buffer, "ck, ", 4) == 0, "MSG_PEEK");
  OK(receives(plain.client, "ck, and again") && receives(plain.server, "forth"), "what was on its way");
  OK(carries(plain.client, plain.server) && carries(plain.server, plain.client), "goes on");
  int value = -1;
  socklen_t size = sizeof value;
  OK(getsockopt(plain.client, IPPROTO_TCP, TCP_NODELAY, &value, &size) == 0 && value != 0 &&
         getsockopt(plain.client, IPPROTO_TCP, TCP_KEEPIDLE, &value, &size) == 0 && value == 60 &&
         option(plain.client, SO_KEEPALIVE) == 1 && option(plain.server, SO_KEEPALIVE) == 0,
     "options stay");
  OK(soon(half.server, "last") && at_end(half.server) && carries(half.server, half.client), "half shut");
  FAILS(send(half.client, "x", 1, MSG_NOSIGNAL), EPIPE, "writing is shut");
  OK(soon(gone.client, "farewell") && at_end(gone.client), "the other end is closed");
  FAILS(recv(reset.client, buffer, 1, 0), ECONNRESET, "the reset is told");
  OK(recv(reset.client, buffer, 1, 0) == 0, "once");
  FAILS(send(reset.client, "x", 1, MSG_NOSIGNAL), EPIPE, "nobody reads");
  OK(at_end(both.client) && at_end(both.server), "both directions stay shut");
  FAILS(recv(unbound, buffer, 1, 0), ENOTCONN, "never connected");
  shutdown(full.client, SHUT_WR);
  bool same = true;
  for (ssize_t got; (got = read(full.server, block, sizeof block)) > 0;) {
    for (ssize_t i = 0; i < got; i++, number++) {
      same &= block[i] == (char)(number * 7 + (number >> 9));
    }
  }
  OK(same && number == written, "all that went in comes out");
  int served = accept(listener, NULL, NULL);
  OK(soon(served, "early") && carries(served, pending), "the pending connection");
  OK(inet_name(served, getpeername).sin_port == names[3].sin_port, "its port");
  OK(inet_connect(unbound, listener) && carries(unbound, accept(listener, NULL, NULL)), "a new connection");
}

static void udp(void) {
  int server = inet_bound(SOCK_DGRAM), connected = socket(AF_INET, SOCK_DGRAM, 0);
  int unconnected = inet_bound(SOCK_DGRAM), on = 1;
  setsockopt(server, IPPROTO_IP, IP_RECVTTL, &on, sizeof on);
  OK(inet_connect(connected, server), "connect");
  struct sockaddr_in to = inet_name(server, getsockname), name = inet_name(connected, getsockname);
  OK(sends(connected, "one") && sends(connected, "") &&
         sendto(unconnected, "three", 5, 0, (struct sockaddr *)&to, sizeof to) == 5 &&
         sendto(server, "back", 4, 0, (struct sockaddr *)&name, sizeof name) == 4,
     "send");
  hold();
  OK(inet_name(server, getsockname).sin_port == to.sin_port &&
         inet_name(connected, getsockname).sin_port == name.sin_port &&
         inet_name(connected, getpeername).sin_port == to.sin_port,
     "ports");
  char text[16], control[64];
  struct sockaddr_in from;
  struct iovec data = {text, sizeof text};
  struct msghdr message = {.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &data,
                           .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  OK(recvmsg(server, &message, MSG_DONTWAIT) == 3 && from.sin_port == name.sin_port, "with its sender");
  OK(CMSG_FIRSTHDR(&message) && CMSG_FIRSTHDR(&message)->cmsg_type == IP_TTL, "with ancillary data");
  OK(receives(server, "") && receives(server, "three"), "datagrams keep their borders");
  OK(receives(connected, "back") && carries(connected, server), "a connection of datagrams");
}

/* A child that is to be frozen without its parent: a TCP connection leads from one to the other. */
static void tcp_outside(void) {
  int listener = inet_bound(SOCK_STREAM);
  listen(listener, 1);
  struct connection made = tcp_connection(listener);
  pid_t child = fork();
  if (child == 0) {
    close(made.server);
    close(listener);
    hold();
    _exit(sends(made.client, "still there") ? 0 : 1);
  }
  close(made.client);
  int status = -1;
  OK(waitpid(child, &status, 0) == child && status == 0, "the child ends");
}

/* A child that is to be frozen without its parent, whose socket it sends datagrams to. */
static void udp_outside(void) {
  int server = inet_bound(SOCK_DGRAM), client = socket(AF_INET, SOCK_DGRAM, 0);
  OK(inet_connect(client, server), "connect");
  pid_t child = fork();
  if (child == 0) {
    close(server);
    hold();
    _exit(sends(client, "still there") ? 0 : 1);
  }
  close(client);
  int status = -1;
  OK(waitpid(child, &status, 0) == child && status == 0, "the child ends");
  OK(soon(server, "still there"), "what the child sent");
}

/* A child that is to be frozen without its parent, which has the other end of its terminal. */
static void terminal_outside(void) {
  int master = posix_openpt(O_RDWR | O_NOCTTY);
  OK(master >= 0 && unlockpt(master) == 0, "posix_openpt");
  pid_t child = fork();
  if (child == 0) {
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    close(master);
    hold();
    _exit(slave >= 0 && puts_into(slave, "still there") ? 0 : 1);
  }
  int status = -1;
  OK(waitpid(child, &status, 0) == child && status == 0, "the child ends");
  OK(takes(master, "still there"), "what the child printed");
}

/* A child with a terminal whose user is gone. */
static void terminal_closed(void) {
  pid_t child = fork();
  if (child == 0) {
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    unlockpt(master);
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    close(master);
    hold();
    _exit(slave >= 0 && write(slave, "x", 1) == -1 && errno == EIO ? 0 : 1);
  }
  int status = -1;
  OK(waitpid(child, &status, 0) == child && status == 0, "the child ends");
}

/* A child that is to be frozen without its parent, which reads what it writes. */
static void pipe_outside(void) {
  int ends[2];
  OK(pipe(ends) == 0, "pipe");
  pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    hold();
    _exit(puts_into(ends[1], "still there") ? 0 : 1);
  }
  close(ends[1]);
  int status = -1;
  OK(waitpid(child, &status, 0) == child && status == 0, "the child ends");
  OK(takes(ends[0], "still there"), "what the child wrote");
}

/* The same by a FIFO. */
static void fifo_outside(void) {
  char *path = in_directory("between");
  OK(mkfifo(path, 0600) == 0, "mkfifo");
  int reads = open(path, O_RDONLY | O_NONBLOCK);
  pid_t child = fork();
  if (child == 0) {
    close(reads);
    int writes = open(path, O_WRONLY);
    hold();
    _exit(puts_into(writes, "still there") ? 0 : 1);
  }
  int status = -1;
  OK(waitpid(child, &status, 0) == child && status == 0, "the child ends");
  OK(takes(reads, "still there"), "what the child wrote");
}

/* A child with a FIFO that has lost its name. */
static void fifo_unlinked(void) {
  pid_t child = fork();
  if (child == 0) {
    char *path = in_directory("unlinked");
    mkfifo(path, 0600);
    int fd = open(path, O_RDWR);
    unlink(path);
    hold();
    _exit(puts_into(fd, "still there") && takes(fd, "still there") ? 0 : 1);
  }
  int status = -1;
  OK(waitpid(child, &status, 0) == child && status == 0, "the child ends");
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
               {"rights", rights},       {"outside", outside},     {"tcp", tcp},
               {"udp", udp},             {"tcp-outside", tcp_outside},
               {"udp-outside", udp_outside},
               {"terminal-outside", terminal_outside},
               {"terminal-closed", terminal_closed},
               {"pipe-outside", pipe_outside},
               {"fifo-outside", fifo_outside},
               {"fifo-unlinked", fifo_unlinked},
               {"fifo", fifo},           {"packets", packets},     {"deleted", deleted},
               {"memfd", in_memory},     {"terminal", terminal}};
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
