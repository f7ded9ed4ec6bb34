/* Do sockets carry bytes, datagrams, descriptors and errors, in the UNIX and loopback domains? */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

enum { BULK = 1 << 20 };

static bool receive_all(int fd, unsigned char *into, size_t size) {
  for (size_t at = 0; at < size;) {
    ssize_t got = recv(fd, into + at, size - at, 0);
    if (got <= 0) {
      return false;
    }
    at += (size_t)got;
  }
  return true;
}

static void *sends_bulk(void *argument) {
  int fd = *(int *)argument;
  unsigned char *data = malloc(BULK);
  for (int i = 0; i < BULK; i++) {
    data[i] = (unsigned char)(i * 7 + (i >> 8));
  }
  for (int at = 0; at < BULK;) {
    ssize_t sent = send(fd, data + at, (size_t)(BULK - at), MSG_NOSIGNAL);
    if (sent <= 0) {
      break;
    }
    at += (int)sent;
  }
  shutdown(fd, SHUT_WR);
  free(data);
  return NULL;
}

static bool bulk(int from, int to) {
  pthread_t thread;
  unsigned char *data = malloc(BULK), end;
  pthread_create(&thread, NULL, sends_bulk, &from);
  bool right = receive_all(to, data, BULK) && recv(to, &end, 1, 0) == 0;
  pthread_join(thread, NULL);
  for (int i = 0; right && i < BULK; i++) {
    right = data[i] == (unsigned char)(i * 7 + (i >> 8));
  }
  free(data);
  return right;
}

static void pairs(void) {
  int pair[2];
  char buffer[64];
  OK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0, "socketpair");
  struct ucred credentials;
  socklen_t size = sizeof credentials;
  OK(getsockopt(pair[0], SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0 &&
         credentials.pid == getpid() && credentials.uid == getuid(),
     "SO_PEERCRED");
  send(pair[0], "peek", 4, 0);
  OK(recv(pair[1], buffer, 2, MSG_PEEK) == 2 && recv(pair[1], buffer, 64, 0) == 4, "MSG_PEEK");
  FAILS(recv(pair[1], buffer, 1, MSG_DONTWAIT), EAGAIN, "MSG_DONTWAIT is EAGAIN");
  OK(bulk(pair[0], pair[1]), "a megabyte through a UNIX stream");
  close(pair[1]);
  FAILS(send(pair[0], "x", 1, MSG_NOSIGNAL), EPIPE, "sending to nobody is EPIPE");
  close(pair[0]);

  socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
  send(pair[0], "first", 5, 0);
  send(pair[0], "second!", 7, 0);
  OK(recv(pair[1], buffer, 3, MSG_TRUNC) == 5 && recv(pair[1], buffer, 64, 0) == 7 &&
         memcmp(buffer, "second!", 7) == 0,
     "datagrams keep their bounds");
  struct iovec parts[2] = {{"ab", 2}, {"cde", 3}};
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
  char one[3], two[5];
  struct iovec into[2] = {{one, 3}, {two, 5}};
  struct msghdr got = {.msg_iov = into, .msg_iovlen = 2};
  OK(sendmsg(pair[0], &message, 0) == 5 && recvmsg(pair[1], &got, 0) == 5 &&
         memcmp(one, "abc", 3) == 0 && memcmp(two, "de", 2) == 0,
     "messages gather and scatter");
  close(pair[0]);
  close(pair[1]);
}

static void passing(void) {
  int pair[2], ends[2], received = -1;
  char byte;
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  pipe(ends);
  union {
    struct cmsghdr align;
    char space[CMSG_SPACE(sizeof(int))];
  } control;
  struct iovec part = {"x", 1};
  struct msghdr message = {.msg_iov = &part,
                           .msg_iovlen = 1,
                           .msg_control = &control,
                           .msg_controllen = sizeof control.space};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(header), &ends[0], sizeof(int));
  OK(sendmsg(pair[0], &message, 0) == 1, "a descriptor is sent");
  close(ends[0]);
  memset(&control, 0, sizeof control);
  part.iov_base = &byte;
  message.msg_controllen = sizeof control.space;
  ssize_t size = recvmsg(pair[1], &message, MSG_CMSG_CLOEXEC);
  header = CMSG_FIRSTHDR(&message);
  if (size == 1 && header && header->cmsg_type == SCM_RIGHTS) {
    memcpy(&received, CMSG_DATA(header), sizeof(int));
  }
  write(ends[1], "!", 1);
  OK(received >= 0 && (fcntl(received, F_GETFD) & FD_CLOEXEC) && read(received, &byte, 1) == 1 &&
         byte == '!',
     "and works where it arrives");
  close(received);
  close(ends[1]);
  close(pair[0]);
  close(pair[1]);
}

static void unix_names(void) {
  char directory[] = "/tmp/vestibule-sockets-XXXXXX";
  struct sockaddr_un name = {.sun_family = AF_UNIX}, peer;
  mkdtemp(directory);
  snprintf(name.sun_path, sizeof name.sun_path, "%s/s", directory);
  int server = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
  FAILS(connect(client, (void *)&name, sizeof name), ENOENT, "an absent name is ENOENT");
  OK(bind(server, (void *)&name, sizeof name) == 0, "bind to a path");
  FAILS(connect(client, (void *)&name, sizeof name), ECONNREFUSED,
        "nobody listening is ECONNREFUSED");
  OK(listen(server, 5) == 0 && connect(client, (void *)&name, sizeof name) == 0, "connect");
  socklen_t size = sizeof peer;
  int accepted = accept(server, NULL, NULL);
  OK(accepted >= 0 && getpeername(client, (void *)&peer, &size) == 0 &&
         strcmp(peer.sun_path, name.sun_path) == 0,
     "the peer has its name");
  int second = socket(AF_UNIX, SOCK_STREAM, 0);
  FAILS(bind(second, (void *)&name, sizeof name), EADDRINUSE, "a taken path is EADDRINUSE");
  close(second);
  close(accepted);
  close(client);
  close(server);
  unlink(name.sun_path);
  rmdir(directory);

  memset(&name, 0, sizeof name);
  name.sun_family = AF_UNIX;
  int length = (int)offsetof(struct sockaddr_un, sun_path) + 1 +
               snprintf(name.sun_path + 1, 64, "vestibule-%d", (int)getpid());
  server = socket(AF_UNIX, SOCK_SEQPACKET, 0);
  client = socket(AF_UNIX, SOCK_SEQPACKET, 0);
  OK(bind(server, (void *)&name, (socklen_t)length) == 0 && listen(server, 1) == 0 &&
         connect(client, (void *)&name, (socklen_t)length) == 0,
     "an abstract name");
  close(server);
  close(client);
}

static int bound(int family, int type, struct sockaddr_storage *address, socklen_t *size) {
  int fd = socket(family, type, 0);
  memset(address, 0, sizeof *address);
  if (family == AF_INET) {
    struct sockaddr_in *in = (void *)address;
    in->sin_family = AF_INET;
    in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    *size = sizeof *in;
  } else {
    struct sockaddr_in6 *in = (void *)address;
    in->sin6_family = AF_INET6;
    in->sin6_addr = in6addr_loopback;
    *size = sizeof *in;
  }
  if (fd < 0 || bind(fd, (void *)address, *size) != 0 ||
      getsockname(fd, (void *)address, size) != 0) {
    close(fd);
    return -1;
  }
  return fd;
}

static void tcp(int family, const char *name) {
  struct sockaddr_storage address;
  socklen_t size;
  char claim[96];
  int server = bound(family, SOCK_STREAM, &address, &size);
  if (server < 0 && family == AF_INET6) {
    skip("IPv6", "this host has no ::1");
    return;
  }
  snprintf(claim, sizeof claim, "%s: a free port is chosen", name);
  OK(server >= 0 && ((struct sockaddr_in *)&address)->sin_port != 0, claim);
  int client = socket(family, SOCK_STREAM, 0);
  snprintf(claim, sizeof claim, "%s: nobody listening is ECONNREFUSED", name);
  FAILS(connect(client, (void *)&address, size), ECONNREFUSED, claim);
  close(client);
  listen(server, 8);
  client = socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0);
  int result = connect(client, (void *)&address, size);
  struct pollfd poll_out = {.fd = client, .events = POLLOUT};
  int error = -1, accepted = accept4(server, NULL, NULL, SOCK_CLOEXEC);
  socklen_t error_size = sizeof error;
  poll(&poll_out, 1, 5000);
  getsockopt(client, SOL_SOCKET, SO_ERROR, &error, &error_size);
  snprintf(claim, sizeof claim, "%s: a connection without blocking", name);
  OK((result == 0 || result == -1) && accepted >= 0 && (poll_out.revents & POLLOUT) && error == 0,
     claim);
  fcntl(client, F_SETFL, 0);
  int on = 1, value = 0;
  socklen_t value_size = sizeof value;
  setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  getsockopt(client, IPPROTO_TCP, TCP_NODELAY, &value, &value_size);
  snprintf(claim, sizeof claim, "%s: TCP_NODELAY", name);
  OK(value != 0, claim);
  snprintf(claim, sizeof claim, "%s: a megabyte", name);
  OK(bulk(client, accepted), claim);
  snprintf(claim, sizeof claim, "%s: and back over the half-closed connection", name);
  OK(bulk(accepted, client), claim);
  close(client);
  close(accepted);
  close(server);
}

static void udp(void) {
  struct sockaddr_storage a_name, b_name, from;
  socklen_t a_size, b_size, size = sizeof from;
  char buffer[32];
  int a = bound(AF_INET, SOCK_DGRAM, &a_name, &a_size);
  int b = bound(AF_INET, SOCK_DGRAM, &b_name, &b_size);
  OK(sendto(a, "datagram", 8, 0, (void *)&b_name, b_size) == 8 &&
         recvfrom(b, buffer, sizeof buffer, 0, (void *)&from, &size) == 8 &&
         memcmp(buffer, "datagram", 8) == 0 && size == a_size && memcmp(&from, &a_name, size) == 0,
     "UDP: a datagram with its sender");
  OK(connect(a, (void *)&b_name, b_size) == 0 && send(a, "", 0, 0) == 0 &&
         recv(b, buffer, sizeof buffer, 0) == 0,
     "UDP: an empty datagram");
  struct timeval timeout = {.tv_usec = 1000};
  setsockopt(b, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  FAILS(recv(b, buffer, 1, 0), EAGAIN, "UDP: SO_RCVTIMEO ends with EAGAIN");
  close(a);
  close(b);
}

static void errors(void) {
  int fd = socket(AF_INET, SOCK_STREAM, 0), type = 0;
  socklen_t size = sizeof type;
  FAILS(socket(AF_INET, 77, 0), EINVAL, "an unknown socket type is EINVAL");
  FAILS(socket(999, SOCK_STREAM, 0), EAFNOSUPPORT, "an unknown family is EAFNOSUPPORT");
  FAILS(getpeername(fd, (void *)&type, &size), ENOTCONN, "no peer is ENOTCONN");
  size = sizeof type;
  OK(getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM, "SO_TYPE");
  FAILS(accept(fd, NULL, NULL), EINVAL, "accepting without listening is EINVAL");
  FAILS(listen(0x7fff, 1), EBADF, "no descriptor is EBADF");
  int ends[2];
  pipe(ends);
  FAILS(listen(ends[0], 1), ENOTSOCK, "a pipe is ENOTSOCK");
  close(fd);
}

int main(void) {
  begin();
  pairs();
  passing();
  unix_names();
  tcp(AF_INET, "TCP over IPv4");
  tcp(AF_INET6, "TCP over IPv6");
  udp();
  errors();
  return end();
}
