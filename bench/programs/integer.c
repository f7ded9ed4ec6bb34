/* An integer mix: linked lists, a matrix, a state machine over text, and a CRC over all results. */
#include <string.h>

#include "bench.h"

enum { NODES = 400, SIDE = 40, TEXT = 4000 };

static uint16_t crc16(uint32_t value, int bytes, uint16_t crc) {
  for (int i = 0; i < 8 * bytes; i++) {
    unsigned bit = (crc ^ value) & 1;
    crc = (uint16_t)(crc >> 1 ^ (bit ? 0xa001 : 0));
    value >>= 1;
  }
  return crc;
}

/* Lists: find, reverse, merge sort by two keys, remove and put back. */
struct node {
  struct node *next;
  int16_t key, other;
};

static struct node nodes[NODES];

static struct node *make_list(uint32_t seed) {
  for (int i = 0; i < NODES; i++) {
    nodes[i].next = i + 1 < NODES ? &nodes[i + 1] : NULL;
    nodes[i].key = (int16_t)(bench_random(&seed) & 0x7fff);
    nodes[i].other = (int16_t)(i ^ 0x55);
  }
  return nodes;
}

static int by_key(const struct node *a, const struct node *b) { return a->key - b->key; }
static int by_other(const struct node *a, const struct node *b) { return a->other - b->other; }

static NOINLINE struct node *reverse(struct node *list) {
  struct node *done = NULL;
  while (list) {
    struct node *next = list->next;
    list->next = done;
    done = list;
    list = next;
  }
  return done;
}

static NOINLINE struct node *sort(struct node *list, int (*compare)(const struct node *, const struct node *)) {
  if (!list || !list->next) return list;
  struct node *slow = list, *fast = list->next;
  while (fast && fast->next) slow = slow->next, fast = fast->next->next;
  struct node *right = slow->next;
  slow->next = NULL;
  list = sort(list, compare);
  right = sort(right, compare);
  struct node *head = NULL, **end = &head;
  while (list && right) {
    struct node **from = compare(list, right) <= 0 ? &list : &right;
    *end = *from;
    end = &(*end)->next;
    *from = (*from)->next;
  }
  *end = list ? list : right;
  return head;
}

static NOINLINE const struct node *find(const struct node *list, int key) {
  while (list && list->key < key) list = list->next;
  return list;
}

static uint16_t lists(uint32_t seed, uint16_t crc) {
  struct node *list = sort(make_list(seed), by_key);
  for (int i = 0; i < 60; i++) {
    const struct node *found = find(list, (int)(bench_random(&seed) & 0x7fff));
    crc = crc16(found ? (uint16_t)found->other : 1, 2, crc);
  }
  list = reverse(list);
  crc = crc16((uint16_t)list->key, 2, crc);
  list = sort(list, by_other);
  for (const struct node *n = list; n; n = n->next) crc = crc16((uint16_t)n->key, 1, crc);
  return crc;
}

/* Matrices of 16-bit numbers: times a constant, a vector, another matrix, and of bit fields. */
static int16_t left[SIDE][SIDE], right[SIDE][SIDE];
static int32_t product[SIDE][SIDE];

static NOINLINE void multiply(int fields) {
  for (int i = 0; i < SIDE; i++)
    for (int k = 0; k < SIDE; k++) {
      int32_t sum = 0;
      for (int j = 0; j < SIDE; j++) {
        int32_t term = left[i][j] * right[j][k];
        sum += fields ? (term >> 2 & 15) * (term >> 5 & 127) : term;
      }
      product[i][k] = sum;
    }
}

static NOINLINE int32_t clipped_sum(int32_t most) {
  int32_t sum = 0, total = 0, last = 0;
  for (int i = 0; i < SIDE; i++)
    for (int k = 0; k < SIDE; k++) {
      int32_t now = product[i][k];
      sum += now;
      if (sum > most) {
        total += 10;
        sum = 0;
      } else {
        total += now > last ? 1 : 0;
      }
      last = now;
    }
  return total;
}

static uint16_t matrices(uint32_t seed, uint16_t crc) {
  for (int i = 0; i < SIDE; i++)
    for (int k = 0; k < SIDE; k++) {
      left[i][k] = (int16_t)(bench_random(&seed) >> 20);
      right[i][k] = (int16_t)(left[i][k] + i - 3 * k);
    }
  for (int fields = 0; fields < 2; fields++) {
    multiply(fields);
    crc = crc16((uint32_t)clipped_sum(20000), 4, crc);
  }
  return crc;
}

/* A state machine that tells integers, fractions, exponents and words apart. */
enum state { START, SIGN, INTEGER, POINT, FRACTION, EXPONENT, EXPONENT_SIGN, POWER, BAD, STATES };

static char text[TEXT + 1];

static void write_text(uint32_t seed) {
  static const char *const words[] = {"5012", "-874", "+122", "35.54", ".1234500", "-110.700", "5.500e+3",
                                      "-.123e-2", "+0.6e-12", "T0.3e-1F", "-T.T++Tq", "1T3.4e4z"};
  int at = 0;
  while (at < TEXT - 16) {
    const char *word = words[bench_random(&seed) % 8];
    if (bench_random(&seed) % 5 == 0) word = words[8 + bench_random(&seed) % 4];
    size_t length = strlen(word);
    memcpy(text + at, word, length);
    at += (int)length;
    text[at++] = ',';
  }
  text[at] = 0;
}

static NOINLINE enum state next_state(enum state state, char c) {
  int digit = c >= '0' && c <= '9';
  switch (state) {
    case START:
      if (c == '+' || c == '-') return SIGN;
      return digit ? INTEGER : c == '.' ? POINT : BAD;
    case SIGN: return digit ? INTEGER : c == '.' ? POINT : BAD;
    case INTEGER: return digit ? INTEGER : c == '.' ? FRACTION : BAD;
    case POINT: return digit ? FRACTION : BAD;
    case FRACTION: return digit ? FRACTION : c == 'e' || c == 'E' ? EXPONENT : BAD;
    case EXPONENT: return digit ? POWER : c == '+' || c == '-' ? EXPONENT_SIGN : BAD;
    case EXPONENT_SIGN: return digit ? POWER : BAD;
    case POWER: return digit ? POWER : BAD;
    default: return BAD;
  }
}

static uint16_t machine(uint32_t seed, uint16_t crc) {
  uint32_t ended[STATES] = {0}, passed[STATES] = {0};
  write_text(seed);
  enum state state = START;
  for (const char *c = text; *c; c++) {
    if (*c == ',') {
      ended[state]++;
      state = START;
    } else {
      state = next_state(state, *c);
      passed[state]++;
    }
  }
  for (int i = 0; i < STATES; i++) crc = crc16(ended[i] << 16 ^ passed[i], 4, crc);
  return crc;
}

static uint64_t run(uint64_t number) {
  uint16_t crc = 0;
  for (uint32_t i = 0; i < 12; i++) {
    uint32_t seed = (uint32_t)number * 7919 + i + 1;
    crc = machine(seed, matrices(seed, lists(seed, crc)));
  }
  return crc;
}

int main(int argc, char **argv) { return bench(argc, argv, "integer", 1, run); }
