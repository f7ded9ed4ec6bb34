/* Does a server answer a client as it should, whatever happens to both in between? A client sends messages of
 * every length, some of them before the server has accepted its connection, and checks each answer. Says "running"
 * first, and a sum in the end that depends on all of them. `traffic KIND DIR` goes on until there is DIR/go and says
 * how many rounds that were, KIND being how they are connected; `traffic KIND DIR ROUNDS` does as many. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

enum { LONGEST = 5000, BURST = 6, SESSION = 5 };

struct answer {
  uint32_t length, sum;
};

static uint32_t seed = 1;

static uint32_t next(void) {
  seed ^= seed << 13;
  seed ^= seed >> 17;
  seed ^= seed << 5;
  return seed;
}

static struct answer answer_to(const unsigned char *bytes, size_t length) {
  struct answer answer = {(uint32_t)length, 0};
  for (size_t i = 0; i < length; i++) {
    answer.sum = answer.sum * 31 + bytes[i];
  }
  return answer;
}

static void give_up(const char *what) {
  perror(what);
  printf("FAIL %s\n", what);
  fflush(stdout);
  _exit(1);
}

/* ---- addresses */

static const char *kind, *directory;
static int type, family;
static union {
  struct sockaddr any;
  struct sockaddr_un un;
  struct sockaddr_in in;
  struct sockaddr_in6 in6;
} server;
static socklen_t server_size;

static void choose(void) {
  bool tcp = strncmp(kind, "tcp", 3) == 0, udp = strncmp(kind, "udp", 3) == 0;
  type = tcp || strcmp(kind, "stream") == 0 ? SOCK_STREAM
         : strcmp(kind, "seqpacket") == 0   ? SOCK_SEQPACKET
                                            : SOCK_DGRAM;
  family = tcp || udp ? (kind[3] == '6' ? AF_INET6 : AF_INET) : AF_UNIX;
  server.any.sa_family = (sa_family_t)family;
  if (family == AF_UNIX) {
    snprintf(server.un.sun_path, sizeof server.un.sun_path, "%s/server", directory);
    server_size = sizeof server.un;
  } else if (family == AF_INET) {
    server.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server_size = sizeof server.in;
  } else {
    server.in6.sin6_addr = in6addr_loopback;
    server_size = sizeof server.in6;
  }
}

static int listener(void) {
  int fd = socket(family, type, 0);
  if (bind(fd, &server.any, server_size) != 0 || (type != SOCK_DGRAM && listen(fd, 4) != 0)) {
    give_up("bind");
  }
  if (family != AF_UNIX) {
    getsockname(fd, &server.any, &server_size);
  }
  return fd;
}

/* Each small message leaves at once. */
static int hurried(int fd) {
  int on = 1;
  if (type == SOCK_STREAM && family != AF_UNIX) {
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  return fd;
}

static int connection(void) {
  int fd = hurried(socket(family, type, 0));
  if (type == SOCK_DGRAM && family == AF_UNIX) {
    sa_family_t only = AF_UNIX;
    bind(fd, (struct sockaddr *)&only, sizeof only); /* any abstract name */
  }
  if (connect(fd, &server.any, server_size) != 0) {
    give_up("connect");
  }
  return fd;
}

/* ---- both ends */

static bool all(int fd, void *bytes, size_t length) {
  for (size_t at = 0; at < length;) {
    ssize_t got = recv(fd, (char *)bytes + at, length - at, 0);
    if (got <= 0) {
      return false;
    }
    at += (size_t)got;
  }
  return true;
}

static void put(int fd, const void *bytes, size_t length) {
  for (size_t at = 0; at < length;) {
    ssize_t done = send(fd, (const char *)bytes + at, length - at, MSG_NOSIGNAL);
    if (done < 0 || (type != SOCK_STREAM && done != (ssize_t)length)) {
      give_up("send");
    }
    at += (size_t)done;
  }
}

static bool serve(int fd) {
  static unsigned char bytes[LONGEST];
  uint16_t length;
  if (type == SOCK_STREAM) {
    if (!all(fd, &length, sizeof length) || !all(fd, bytes, length)) {
      return false;
    }
    struct answer answer = answer_to(bytes, length);
    put(fd, &answer, sizeof answer);
    return true;
  }
  struct sockaddr_storage from;
  socklen_t size = sizeof from;
  ssize_t got = recvfrom(fd, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &size);
  if (got <= 0) {
    return false;
  }
  struct answer answer = answer_to(bytes, (size_t)got);
  if (type == SOCK_DGRAM) {
    return sendto(fd, &answer, sizeof answer, 0, (struct sockaddr *)&from, size) == sizeof answer;
  }
  put(fd, &answer, sizeof answer);
  return true;
}

static void run_server(int fd) {
  while (type == SOCK_DGRAM) {
    serve(fd);
  }
  while (true) {
    int client = hurried(accept(fd, NULL, NULL));
    if (client < 0) {
      give_up("accept");
    }
    while (serve(client)) {
    }
    close(client);
  }
}

/* ---- the client */

static struct answer expected[BURST];
static int sent;

static void send_burst(int fd) {
  static unsigned char bytes[LONGEST];
  sent = 1 + (int)(next() % BURST);
  for (int i = 0; i < sent; i++) {
    uint16_t length = (uint16_t)(1 + next() % (LONGEST - 1));
    for (int at = 0; at < length; at++) {
      bytes[at] = (unsigned char)(next() >> 8);
    }
    if (type == SOCK_STREAM) {
      put(fd, &length, sizeof length);
    }
    put(fd, bytes, length);
    expected[i] = answer_to(bytes, length);
  }
}

static uint32_t take_answers(int fd) {
  uint32_t sum = 0;
  for (int i = 0; i < sent; i++) {
    struct answer answer = {0, 0};
    if (!all(fd, &answer, sizeof answer)) {
      give_up("answer");
    }
    if (answer.length != expected[i].length || answer.sum != expected[i].sum) {
      give_up("answer to another message");
    }
    sum = sum * 17 + answer.sum;
  }
  return sum;
}

int main(int argc, char **argv) {
  begin();
  kind = argc > 1 ? argv[1] : "stream";
  directory = argc > 2 ? argv[2] : ".";
  int rounds = argc > 3 ? atoi(argv[3]) : -1, round = 0;
  char go[4096];
  snprintf(go, sizeof go, "%s/go", directory);
  choose();
  int fd = listener();
  pid_t child = fork();
  if (child == 0) {
    run_server(fd);
  }
  int now = connection(), later = -1;
  uint32_t sum = 0;
  printf("running\n");
  for (; rounds < 0 ? round % 16 != 0 || access(go, F_OK) != 0 : round < rounds; round++) {
    send_burst(now);
    if (type != SOCK_DGRAM && round % SESSION == SESSION - 1) {
      later = connection(); /* waits to be accepted until the server is done with the other */
    }
    sum = sum * 13 + take_answers(now);
    if (later >= 0) {
      uint32_t before = seed;
      send_burst(later);
      shutdown(now, SHUT_WR);
      sum = sum * 13 + take_answers(later) + (before == seed);
      close(now);
      now = later;
      later = -1;
    }
    if (round % 64 == 0) {
      usleep(500);
    }
  }
  printf("rounds %d sum %08x\n", round, sum);
  kill(child, 9);
  waitpid(child, NULL, 0);
  return end();
}
