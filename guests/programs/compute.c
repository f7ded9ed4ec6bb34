/* Do integer and floating-point computations give known answers? Also a short fixed load. */
#include "guest.h"

static uint32_t crc32(const unsigned char *data, size_t size) {
  uint32_t crc = 0xffffffff;
  while (size--) {
    crc ^= *data++;
    for (int bit = 0; bit < 8; bit++) {
      crc = (crc >> 1) ^ (0xedb88320 & (0 - (crc & 1)));
    }
  }
  return ~crc;
}

static uint32_t rotate(uint32_t x, int n) {
  return x >> n | x << (32 - n);
}

/* One block of SHA-256 (FIPS 180-4), with the constants computed from primes in integers. */
static uint32_t round_constants[64], first_state[8];

/* First 32 bits of the fraction of the root of N, by the largest x with x^degree <= n << shift. */
static uint32_t root_fraction(uint64_t n, int degree) {
  /* x = floor(root(n) * 2^32) fits 36 bits; compare by 128-bit products made of 32-bit parts. */
  uint64_t x = 0;
  for (int bit = 35; bit >= 0; bit--) {
    uint64_t trial = x | 1ull << bit;
    uint32_t product[6] = {1};
    for (int k = 0; k < degree; k++) {
      uint64_t low = (uint32_t)trial, high = trial >> 32;
      uint32_t next[6] = {0};
      for (int part = 0; part < 2; part++) {
        uint64_t factor = part ? high : low, carry = 0;
        for (int i = 0; i + part < 6; i++) {
          uint64_t sum = (uint64_t)product[i] * factor + next[i + part] + carry;
          next[i + part] = (uint32_t)sum;
          carry = sum >> 32;
        }
      }
      memcpy(product, next, sizeof product);
    }
    /* product against n * 2^(32 * degree) */
    uint64_t whole = (uint64_t)product[degree + 1] << 32 | product[degree];
    bool exact = true;
    for (int i = 0; i < degree; i++) {
      exact &= product[i] == 0;
    }
    if (whole < n || (whole == n && exact)) {
      x = trial;
    }
  }
  return (uint32_t)x;
}

static void make_constants(void) {
  int found = 0;
  for (unsigned n = 2; found < 64; n++) {
    bool prime = true;
    for (unsigned d = 2; d * d <= n; d++) {
      prime &= n % d != 0;
    }
    if (prime) {
      if (found < 8) {
        first_state[found] = root_fraction(n, 2);
      }
      round_constants[found++] = root_fraction(n, 3);
    }
  }
}

static void sha256_block(uint32_t state[8], const unsigned char *block) {
  uint32_t w[64], v[8];
  for (int i = 0; i < 16; i++) {
    const unsigned char *b = block + 4 * i;
    w[i] = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
  }
  for (int i = 16; i < 64; i++) {
    uint32_t a = w[i - 15], b = w[i - 2];
    w[i] = w[i - 16] + (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) + w[i - 7] +
           (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
  }
  memcpy(v, state, sizeof v);
  for (int i = 0; i < 64; i++) {
    uint32_t s1 = rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25);
    uint32_t t1 = v[7] + s1 + ((v[4] & v[5]) ^ (~v[4] & v[6])) + round_constants[i] + w[i];
    uint32_t s0 = rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22);
    uint32_t t2 = s0 + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
    for (int k = 7; k > 0; k--) {
      v[k] = v[k - 1];
    }
    v[4] += t1;
    v[0] = t1 + t2;
  }
  for (int i = 0; i < 8; i++) {
    state[i] += v[i];
  }
}

static uint64_t bits(double value) {
  uint64_t result;
  memcpy(&result, &value, sizeof result);
  return result;
}

static void known(const char *what, uint64_t value, uint64_t expected) {
  say("%-24s %016llx", what, (unsigned long long)value);
  if (value != expected) {
    fail("%s: expected %016llx", what, (unsigned long long)expected);
  }
}

/* The harmonic sum forwards minus backwards: every addition rounds differently. */
static double rounding_residue(int terms) {
  double forwards = 0, backwards = 0;
  for (int i = 1; i <= terms; i++) {
    forwards += 1.0 / i;
    backwards += 1.0 / (terms + 1 - i);
  }
  return forwards - backwards;
}

/* Two bodies around each other in steps of the same size: multiplications, divisions, additions. */
static double orbit(int steps) {
  double x = 1, y = 0, u = 0, v = 1, step = 0.001;
  for (int i = 0; i < steps; i++) {
    double square = x * x + y * y, cube = square * square / 1.0;
    u -= step * x / cube;
    v -= step * y / cube;
    x += step * u;
    y += step * v;
  }
  return x * v - y * u;
}

int main(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  known("crc32", crc32((const unsigned char *)"123456789", 9), 0xcbf43926);

  static unsigned char block[64] = "abc\x80";
  block[63] = 24;
  make_constants();
  uint32_t state[8];
  memcpy(state, first_state, sizeof state);
  sha256_block(state, block);
  known("sha256(abc) begins", (uint64_t)state[0] << 32 | state[1], 0xba7816bf8f01cfeaull);
  for (int i = 0; i < 200; i++) {
    memcpy(block, state, sizeof state);
    sha256_block(state, block);
  }
  uint64_t fold = 0;
  uint64_t seed = 1;
  for (int i = 0; i < 200000; i++) {
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    fold ^= seed >> (i & 15);
    fold = fold << 7 | fold >> 57;
  }
  known("64-bit generator", fold, 0xa5f537a6575f4f80ull);
  int64_t divided = 0;
  for (int i = 1; i < 20000; i++) {
    int64_t number = (int64_t)(seed >> 1) - (int64_t)i * 1234567891011ll;
    divided += number / (i % 2 ? i : -i) + number % i;
  }
  known("64-bit division", (uint64_t)divided, 0x0b2f0c0ede60734eull);
  known("harmonic residue", bits(rounding_residue(100000)), 0xbd34800000000000ull);
  known("orbit", bits(orbit(50000)), 0x3ff0000000000028ull);
  known("single precision", bits((double)((float)1.0e10 / 3.0f)), 0x41e8d5d420000000ull);
  return finish();
}
