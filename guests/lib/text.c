#include "guest.h"

static int failures;

struct line {
  char text[512];
  size_t size;
};

static void put(struct line *line, char c) {
  if (line->size < sizeof line->text) {
    line->text[line->size++] = c;
  }
}

static void put_text(struct line *line, const char *s, int width, bool left) {
  int padding = width - (int)strlen(s);
  for (; !left && padding > 0; padding--) {
    put(line, ' ');
  }
  while (*s) {
    put(line, *s++);
  }
  for (; padding > 0; padding--) {
    put(line, ' ');
  }
}

static void put_number(struct line *line, unsigned long long value, unsigned base, int width,
                       bool zeros, bool left, bool negative) {
  char digits[32];
  size_t at = sizeof digits;
  digits[--at] = 0;
  do {
    digits[--at] = "0123456789abcdef"[value % base];
    value /= base;
  } while (value);
  if (zeros) {
    while (at > 1 && (int)(sizeof digits - 1 - at) < width - (negative ? 1 : 0)) {
      digits[--at] = '0';
    }
  }
  if (negative) {
    digits[--at] = '-';
  }
  put_text(line, digits + at, width, left);
}

/* The part of printf the programs use: %s %c %d %u %x %p, widths, '-', '0', l and ll. */
static void format_into(struct line *line, const char *format, va_list arguments) {
  for (; *format; format++) {
    if (*format != '%') {
      put(line, *format);
      continue;
    }
    bool left = false, zeros = false;
    int width = 0, longs = 0;
    for (format++; *format == '-' || *format == '0'; format++) {
      left |= *format == '-';
      zeros |= *format == '0';
    }
    for (; *format >= '0' && *format <= '9'; format++) {
      width = width * 10 + (*format - '0');
    }
    for (; *format == 'l' || *format == 'z'; format++) {
      longs++;
    }
    unsigned long long value;
    switch (*format) {
      case 's':
        put_text(line, va_arg(arguments, const char *), width, left);
        break;
      case 'c':
        put(line, (char)va_arg(arguments, int));
        break;
      case 'd': {
        long long number = longs > 1   ? va_arg(arguments, long long)
                           : longs > 0 ? va_arg(arguments, long)
                                       : va_arg(arguments, int);
        value = number < 0 ? 0 - (unsigned long long)number : (unsigned long long)number;
        put_number(line, value, 10, width, zeros, left, number < 0);
        break;
      }
      case 'p':
        put_text(line, "0x", 0, false);
        put_number(line, (uintptr_t)va_arg(arguments, void *), 16, 0, false, false, false);
        break;
      case 'u':
      case 'x':
        value = longs > 1   ? va_arg(arguments, unsigned long long)
                : longs > 0 ? va_arg(arguments, unsigned long)
                            : va_arg(arguments, unsigned);
        put_number(line, value, *format == 'x' ? 16 : 10, width, zeros, left, false);
        break;
      default:
        put(line, *format);
    }
  }
}

static void write_out(const struct line *line) {
  for (size_t at = 0; at < line->size;) {
    long written = sys(write, 1, line->text + at, line->size - at);
    if (written < 0 && written != -EINTR) {
      return;
    }
    at += written > 0 ? (size_t)written : 0;
  }
}

void say(const char *format, ...) {
  struct line line = {.size = 0};
  va_list arguments;
  va_start(arguments, format);
  format_into(&line, format, arguments);
  va_end(arguments);
  put(&line, '\n');
  write_out(&line);
}

void fail(const char *format, ...) {
  struct line line = {.size = 0};
  va_list arguments;
  failures++;
  put_text(&line, "FAIL ", 0, false);
  put_text(&line, program_name, 0, false);
  put_text(&line, ": ", 0, false);
  va_start(arguments, format);
  format_into(&line, format, arguments);
  va_end(arguments);
  put(&line, '\n');
  write_out(&line);
}

void expect(bool held, const char *what) {
  if (!held) {
    fail("%s", what);
  }
}

int finish(void) {
  if (failures == 0) {
    say("ok %s", program_name);
    return 0;
  }
  say("FAIL %s: %d", program_name, failures);
  return 1;
}

void *memcpy(void *to, const void *from, size_t size) {
  unsigned char *t = to;
  const unsigned char *f = from;
  while (size--) {
    *t++ = *f++;
  }
  return to;
}

void *memset(void *to, int byte, size_t size) {
  unsigned char *t = to;
  while (size--) {
    *t++ = (unsigned char)byte;
  }
  return to;
}

int memcmp(const void *a, const void *b, size_t size) {
  const unsigned char *x = a, *y = b;
  for (; size; size--, x++, y++) {
    if (*x != *y) {
      return *x - *y;
    }
  }
  return 0;
}

size_t strlen(const char *s) {
  size_t length = 0;
  while (s[length]) {
    length++;
  }
  return length;
}

int strcmp(const char *a, const char *b) {
  for (; *a && *a == *b; a++, b++) {
  }
  return (unsigned char)*a - (unsigned char)*b;
}

bool starts_with(const char *s, const char *prefix) {
  for (; *prefix; s++, prefix++) {
    if (*s != *prefix) {
      return false;
    }
  }
  return true;
}

bool contains(const char *s, const char *part) {
  for (; *s; s++) {
    if (starts_with(s, part)) {
      return true;
    }
  }
  return false;
}

unsigned long parse_number(const char **s, unsigned base) {
  unsigned long value = 0;
  for (;; (*s)++) {
    unsigned char c = (unsigned char)**s;
    unsigned digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
    if (digit >= base) {
      return value;
    }
    value = value * base + digit;
  }
}

bool next_line(struct lines *lines, char *line, size_t size) {
  size_t used = 0;
  for (;;) {
    if (lines->at == lines->have) {
      long got = sys(read, lines->fd, lines->buffer, sizeof lines->buffer);
      if (got <= 0) {
        line[used] = 0;
        return used > 0;
      }
      lines->have = (size_t)got;
      lines->at = 0;
    }
    char c = lines->buffer[lines->at++];
    if (c == '\n') {
      line[used] = 0;
      return true;
    }
    if (used + 1 < size) {
      line[used++] = c;
    }
  }
}
