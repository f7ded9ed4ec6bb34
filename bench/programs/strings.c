/* Strings: the C library's functions on short and longer texts, and loops over bytes of our own. */
#include <ctype.h>
#include <string.h>

#include "bench.h"

enum { TEXT = 20000 };

static char text[TEXT + 1], copy[TEXT + 1];

static void write_text(uint32_t seed) {
  static const char *const words[] = {"the",  "page",    "a",     "kernel", "hands", "to",
                                      "every", "process", "under", "its",    "own",   "address"};
  size_t at = 0;
  while (at < TEXT - 10) {
    const char *word = words[bench_random(&seed) % 12];
    size_t length = strlen(word);
    memcpy(text + at, word, length);
    at += length;
    text[at++] = bench_random(&seed) % 9 ? ' ' : '\n';
  }
  text[at] = 0;
}

static NOINLINE uint32_t hash(const char *word, size_t length) {
  uint32_t value = 2166136261u;
  for (size_t i = 0; i < length; i++) value = (value ^ (uint8_t)word[i]) * 16777619u;
  return value;
}

static NOINLINE uint32_t count_words(void) {
  uint32_t sum = 0;
  for (const char *at = text; *at;) {
    size_t length = strcspn(at, " \n");
    sum += hash(at, length);
    at += length;
    at += strspn(at, " \n");
  }
  return sum;
}

static NOINLINE uint32_t searches(void) {
  uint32_t sum = 0;
  for (const char *at = text; (at = strstr(at, "own a")); at++) sum += (uint32_t)(at - text);
  for (const char *at = text; (at = strchr(at, '\n')); at++) sum = sum * 31 + (uint32_t)(at - text);
  return sum + (uint32_t)strlen(text);
}

static NOINLINE uint32_t upper(void) {
  strcpy(copy, text);
  for (char *c = copy; *c; c++) *c = (char)toupper((unsigned char)*c);
  uint32_t differ = 0;
  for (size_t i = 0; text[i]; i++) differ += text[i] != copy[i];
  return differ + (uint32_t)(strcasecmp(text, copy) == 0) + (uint32_t)(strcmp(text, copy) > 0);
}

static NOINLINE uint32_t lines(void) {
  uint32_t sum = 0;
  char line[64];
  strcpy(copy, text);
  for (char *save, *at = strtok_r(copy, "\n", &save); at; at = strtok_r(NULL, "\n", &save)) {
    strncpy(line, at, sizeof line - 1);
    line[sizeof line - 1] = 0;
    sum = sum * 33 + (uint32_t)strlen(line) + (uint32_t)(memchr(line, 'k', sizeof line) != NULL);
  }
  return sum;
}

static uint64_t run(uint64_t number) {
  write_text((uint32_t)number + 1);
  uint64_t sum = 0;
  for (int i = 0; i < 6; i++) {
    sum = bench_mix(sum, count_words());
    sum = bench_mix(sum, searches());
    sum = bench_mix(sum, upper());
    sum = bench_mix(sum, lines());
  }
  return sum;
}

int main(int argc, char **argv) { return bench(argc, argv, "strings", 1, run); }
