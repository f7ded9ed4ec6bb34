/* AES-128: chained blocks, a counter's blocks eight at a time, and back again: POWER8's
 * instructions or x86's where the compiler has them, tables of bytes elsewhere. */
#include <string.h>

#include "bench.h"

enum { BLOCKS = 1024, ROUNDS = 10 };

static uint8_t box[256], inverse[256], keys[ROUNDS + 1][16];

static uint8_t twice(uint8_t x) { return (uint8_t)(x << 1 ^ (x & 0x80 ? 0x1b : 0)); }

static void make_boxes(void) {
  uint8_t power = 1, back = 1; /* power times back is 1 */
  do {
    power ^= twice(power); /* times 3 */
    back ^= (uint8_t)(back << 1); /* divided by 3 */
    back ^= (uint8_t)(back << 2);
    back ^= (uint8_t)(back << 4);
    if (back & 0x80) back ^= 0x09;
    uint8_t turned = back;
    uint8_t value = 0x63 ^ back;
    for (int i = 0; i < 4; i++) value ^= turned = (uint8_t)(turned << 1 | turned >> 7);
    box[power] = value;
  } while (power != 1);
  box[0] = 0x63;
  for (int i = 0; i < 256; i++) inverse[box[i]] = (uint8_t)i;
}

static void make_keys(const uint8_t key[16]) {
  uint8_t constant = 1;
  memcpy(keys[0], key, 16);
  for (int round = 1; round <= ROUNDS; round++) {
    const uint8_t *old = keys[round - 1];
    uint8_t *now = keys[round];
    for (int i = 0; i < 4; i++) now[i] = old[i] ^ box[old[12 + (i + 1) % 4]];
    now[0] ^= constant;
    for (int i = 4; i < 16; i++) now[i] = old[i] ^ now[i - 4];
    constant = twice(constant);
  }
}

#ifdef __CRYPTO__
#include <altivec.h>

typedef __vector unsigned long long block;

static inline block load(const uint8_t *bytes) {
  __vector unsigned char x = vec_xl(0, (unsigned char *)bytes);
  return (block)(__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? x : vec_reve(x));
}

static inline void store(uint8_t *bytes, block x) {
  __vector unsigned char y = (__vector unsigned char)x;
  vec_xst(__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? y : vec_reve(y), 0, (unsigned char *)bytes);
}

static inline block combined(block x, block y) { return x ^ y; }
static inline block forth(block x, block k) { return __builtin_crypto_vcipher(x, k); }
static inline block forth_last(block x, block k) { return __builtin_crypto_vcipherlast(x, k); }
static inline block back(block x, block k) { return __builtin_crypto_vncipher(x, k); }
static inline block back_last(block x, block k) { return __builtin_crypto_vncipherlast(x, k); }
#elif defined __AES__
#include <immintrin.h>

typedef __m128i block;

static inline block load(const uint8_t *bytes) { return _mm_loadu_si128((const block *)bytes); }
static inline void store(uint8_t *bytes, block x) { _mm_storeu_si128((block *)bytes, x); }
static inline block combined(block x, block y) { return x ^ y; }
static inline block forth(block x, block k) { return _mm_aesenc_si128(x, k); }
static inline block forth_last(block x, block k) { return _mm_aesenclast_si128(x, k); }
static inline block back(block x, block k) { return _mm_aesimc_si128(_mm_aesdeclast_si128(x, k)); }
static inline block back_last(block x, block k) { return _mm_aesdeclast_si128(x, k); }
#else
typedef struct { uint8_t byte[16]; } block;

static inline block load(const uint8_t *bytes) {
  block x;
  memcpy(&x, bytes, sizeof x);
  return x;
}

static inline void store(uint8_t *bytes, block x) { memcpy(bytes, &x, sizeof x); }

static inline block combined(block x, block y) {
  for (int i = 0; i < 16; i++) x.byte[i] ^= y.byte[i];
  return x;
}

static inline block forth_last(block x, block k) {
  block y;
  for (int i = 0; i < 16; i++) y.byte[i] = box[x.byte[(i + 4 * (i % 4)) % 16]];
  return combined(y, k);
}

static inline block back_last(block x, block k) {
  block y;
  for (int i = 0; i < 16; i++) y.byte[i] = inverse[x.byte[(i + 12 * (i % 4)) % 16]];
  return combined(y, k);
}

static inline block mixed(block x) {
  block y;
  for (int i = 0; i < 16; i++) {
    const uint8_t *column = x.byte + i / 4 * 4;
    uint8_t a = column[i % 4], b = column[(i + 1) % 4], c = column[(i + 2) % 4], d = column[(i + 3) % 4];
    y.byte[i] = twice(a ^ b) ^ b ^ c ^ d;
  }
  return y;
}

static inline block forth(block x, block k) {
  block none = {{0}};
  return combined(mixed(forth_last(x, none)), k);
}

static inline block back(block x, block k) { /* mixing four times changes nothing */
  return mixed(mixed(mixed(back_last(x, k))));
}
#endif

static NOINLINE void chain(uint8_t *bytes, int blocks) {
  block key[ROUNDS + 1], x = load(keys[ROUNDS]);
  for (int i = 0; i <= ROUNDS; i++) key[i] = load(keys[i]);
  for (; blocks > 0; blocks--, bytes += 16) {
    x = combined(combined(x, load(bytes)), key[0]);
    for (int i = 1; i < ROUNDS; i++) x = forth(x, key[i]);
    x = forth_last(x, key[ROUNDS]);
    store(bytes, x);
  }
}

static NOINLINE void unchain(uint8_t *bytes, int blocks) {
  block key[ROUNDS + 1], last = load(keys[ROUNDS]);
  for (int i = 0; i <= ROUNDS; i++) key[i] = load(keys[i]);
  for (; blocks > 0; blocks--, bytes += 16) {
    block was = load(bytes), x = combined(was, key[ROUNDS]);
    for (int i = ROUNDS - 1; i > 0; i--) x = back(x, key[i]);
    store(bytes, combined(back_last(x, key[0]), last));
    last = was;
  }
}

static NOINLINE void count(uint8_t *bytes, int blocks) {
  block key[ROUNDS + 1];
  uint8_t counter[16] = {0};
  for (int i = 0; i <= ROUNDS; i++) key[i] = load(keys[i]);
  for (int at = 0; at < blocks; at += 8) {
    block x[8];
#pragma GCC unroll 8
    for (int k = 0; k < 8; k++) {
      counter[15] = (uint8_t)(at + k);
      counter[14] = (uint8_t)((at + k) >> 8);
      x[k] = combined(load(counter), key[0]);
    }
#pragma GCC unroll 9
    for (int i = 1; i < ROUNDS; i++)
#pragma GCC unroll 8
      for (int k = 0; k < 8; k++) x[k] = forth(x[k], key[i]);
#pragma GCC unroll 8
    for (int k = 0; k < 8; k++) {
      uint8_t *here = bytes + 16 * (at + k);
      store(here, combined(forth_last(x[k], key[ROUNDS]), load(here)));
    }
  }
}

static uint64_t digest(const uint8_t *bytes) {
  uint64_t sum = 0;
  for (int i = 0; i < 16 * BLOCKS; i += 97) sum = bench_mix(sum, bytes[i]);
  return sum;
}

static uint64_t run(uint64_t number) {
  static uint8_t bytes[16 * BLOCKS];
  uint8_t key[16];
  uint32_t seed = (uint32_t)number + 1;
  if (number == 0) make_boxes();
  for (int i = 0; i < 16; i++) key[i] = (uint8_t)bench_random(&seed);
  make_keys(key);
  for (int i = 0; i < 16 * BLOCKS; i++) bytes[i] = (uint8_t)(i * 7 + number);
  uint64_t sum = 0;
  for (int i = 0; i < 15; i++) {
    chain(bytes, BLOCKS);
    sum = bench_mix(sum, digest(bytes));
    count(bytes, BLOCKS);
    sum = bench_mix(sum, digest(bytes));
    unchain(bytes, BLOCKS);
    sum = bench_mix(sum, digest(bytes));
  }
  return sum;
}

int main(int argc, char **argv) { return bench(argc, argv, "aes", 1, run); }
