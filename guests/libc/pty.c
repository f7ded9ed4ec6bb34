/* Does a pseudo-terminal edit lines, echo, send signals to jobs and hang up? */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "check.h"

static volatile sig_atomic_t runs, last;

static void note(int number) {
  runs++;
  last = number;
}

/* Everything that is there to read, or that comes while at least MINIMUM bytes are missing. */
static size_t take(int fd, char *into, size_t room, size_t minimum) {
  size_t size = 0;
  struct pollfd ready = {.fd = fd, .events = POLLIN};
  while (size < room - 1 && poll(&ready, 1, size < minimum ? 10000 : 0) == 1) {
    ssize_t got = read(fd, into + size, room - 1 - size);
    if (got <= 0) {
      break;
    }
    size += (size_t)got;
  }
  into[size] = 0;
  return size;
}

static void say(int fd, const char *text) {
  write(fd, text, strlen(text));
}

static void lines(int master, int slave) {
  char text[128];
  struct termios state;
  OK(tcgetattr(slave, &state) == 0 && (state.c_lflag & ICANON) && (state.c_lflag & ECHO) &&
         (state.c_oflag & OPOST) && state.c_cc[VINTR] == 3 && state.c_cc[VEOF] == 4,
     "a terminal begins in its usual state");
  say(master, "abcx\177\n");
  OK(read(slave, text, sizeof text) == 4 && memcmp(text, "abc\n", 4) == 0,
     "a line is edited before it is read");
  take(master, text, sizeof text, 9);
  OK(strcmp(text, "abcx\b \b\r\n") == 0, "and echoed with the edits");
  say(master, "first\nsecond\n");
  OK(read(slave, text, sizeof text) == 6, "a read gives one line");
  OK(read(slave, text, 3) == 3 && read(slave, text, sizeof text) == 4, "or a part of it");
  say(master, "gone\025kept\n");
  OK(read(slave, text, sizeof text) == 5 && memcmp(text, "kept\n", 5) == 0, "^U drops the line");
  say(master, "no end\004");
  OK(read(slave, text, sizeof text) == 6, "^D ends a line without a newline");
  say(master, "\004");
  OK(read(slave, text, sizeof text) == 0, "^D alone is the end of the file");
  take(master, text, sizeof text, 1);
  say(slave, "a\nb\n");
  take(master, text, sizeof text, 6);
  OK(strcmp(text, "a\r\nb\r\n") == 0, "output turns newlines into carriage return and newline");
}

static void raw(int master, int slave) {
  char text[128];
  struct termios old, state;
  tcgetattr(slave, &old);
  state = old;
  cfmakeraw(&state);
  OK(tcsetattr(slave, TCSANOW, &state) == 0, "raw mode");
  say(master, "\003\004\r\n");
  OK(take(slave, text, sizeof text, 4) == 4 && memcmp(text, "\003\004\r\n", 4) == 0,
     "gives every byte as it comes");
  say(slave, "a\nb");
  OK(take(master, text, sizeof text, 3) == 3 && memcmp(text, "a\nb", 3) == 0,
     "and sends it as it is, without echo");
  state.c_cc[VMIN] = 0;
  state.c_cc[VTIME] = 1;
  tcsetattr(slave, TCSANOW, &state);
  OK(read(slave, text, 1) == 0, "VTIME ends a read with nothing");
  say(master, "xyz");
  int waiting = 0;
  take(slave, text, 1, 0);
  struct pollfd ready = {.fd = slave, .events = POLLIN};
  poll(&ready, 1, 10000);
  OK(ioctl(slave, FIONREAD, &waiting) == 0 && waiting == 3, "FIONREAD");
  OK(tcflush(slave, TCIFLUSH) == 0 && ioctl(slave, FIONREAD, &waiting) == 0 && waiting == 0,
     "tcflush");
  tcsetattr(slave, TCSANOW, &old);
  OK(cfgetospeed(&old) != 0, "a speed");
}

static void windows(int master, int slave) {
  struct winsize size = {.ws_row = 33, .ws_col = 101}, got = {0};
  OK(ioctl(master, TIOCSWINSZ, &size) == 0 && ioctl(slave, TIOCGWINSZ, &got) == 0 &&
         got.ws_row == 33 && got.ws_col == 101,
     "a window size");
}

/* In a session of its own, with the terminal as its controlling one. */
static int session(const char *name) {
  int right = 0;
  right += setsid() == getpid();
  int fd = open(name, O_RDWR);
  right += fd >= 0 && ioctl(fd, TIOCSCTTY, 0) == 0;
  right += tcgetpgrp(fd) == getpgrp() && tcgetsid(fd) == getpid();
  int again = open("/dev/tty", O_RDWR);
  right += again >= 0 && isatty(again);
  static const int numbers[] = {SIGINT, SIGQUIT, SIGTSTP, SIGWINCH, SIGHUP, SIGTTOU};
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    signal(numbers[i], note);
  }
  sigset_t blocked, none;
  sigemptyset(&none);
  sigfillset(&blocked);
  sigdelset(&blocked, SIGALRM);
  sigprocmask(SIG_SETMASK, &blocked, NULL);
  static const int expected[] = {SIGINT, SIGQUIT, SIGTSTP, SIGWINCH};
  for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
    write(fd, "?", 1);
    last = 0;
    sigsuspend(&none);
    right += last == expected[i];
  }
  /* A background job that changes the terminal gets SIGTTOU. */
  pid_t job = fork();
  if (job == 0) {
    setpgid(0, 0);
    struct termios state;
    tcgetattr(fd, &state);
    sigprocmask(SIG_SETMASK, &none, NULL);
    last = 0;
    struct sigaction action = {.sa_handler = note};
    sigaction(SIGTTOU, &action, NULL);
    bool refused = tcsetattr(fd, TCSANOW, &state) == -1 && errno == EINTR;
    _exit(refused && last == SIGTTOU ? 0 : 1);
  }
  int status = -1;
  waitpid(job, &status, 0);
  right += status == 0;
  write(fd, "!", 1);
  last = 0;
  sigsuspend(&none);
  right += last == SIGHUP;
  char byte;
  right += read(fd, &byte, 1) <= 0;
  return right;
}

static bool prompt(int master, char expected) {
  char byte = 0;
  do {
    if (read(master, &byte, 1) != 1) {
      return false;
    }
  } while (byte != expected);
  return true;
}

static void jobs(void) {
  int master = posix_openpt(O_RDWR | O_NOCTTY), status = -1;
  grantpt(master);
  unlockpt(master);
  char name[64];
  ptsname_r(master, name, sizeof name);
  pid_t child = fork();
  if (child == 0) {
    close(master);
    _exit(session(name));
  }
  static const char *const keys[] = {"\003", "\034", "\032"};
  bool right = true;
  for (int i = 0; i < 3; i++) {
    right &= prompt(master, '?');
    say(master, keys[i]);
  }
  right &= prompt(master, '?');
  struct winsize size = {.ws_row = 5, .ws_col = 6};
  ioctl(master, TIOCSWINSZ, &size);
  right &= prompt(master, '!');
  close(master);
  waitpid(child, &status, 0);
  OK(right && WIFEXITED(status) && WEXITSTATUS(status) == 11,
     "a session gets its signals from keys, window and hang-up");
  if (!right || WEXITSTATUS(status) != 11) {
    printf("  %d of 11, status 0x%x\n", WEXITSTATUS(status), status);
  }
}

int main(void) {
  begin();
  int master = posix_openpt(O_RDWR | O_NOCTTY);
  char name[64];
  OK(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0 &&
         ptsname_r(master, name, sizeof name) == 0,
     "a pseudo-terminal");
  int slave = open(name, O_RDWR | O_NOCTTY);
  OK(slave >= 0 && isatty(slave) && isatty(master), "its other side is a terminal");
  int ends[2];
  pipe(ends);
  OK(!isatty(ends[0]) && errno == ENOTTY, "a pipe is none");
  lines(master, slave);
  raw(master, slave);
  windows(master, slave);
  char text[16];
  close(slave);
  take(master, text, sizeof text, 0);
  FAILS(read(master, text, 1), EIO, "a terminal nobody has open is EIO");
  close(master);
  jobs();
  return end();
}
