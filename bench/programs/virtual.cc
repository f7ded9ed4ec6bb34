/* Virtual calls: a tree of shapes and expressions, each of its own class, and small functions. */
#include "bench.h"

namespace {

struct Value {
  virtual ~Value() = default;
  virtual uint32_t at(uint32_t x) const = 0;
  virtual int depth() const { return 1; }
};

struct Number final : Value {
  uint32_t value;
  explicit Number(uint32_t v) : value(v) {}
  uint32_t at(uint32_t) const override { return value; }
};

struct Input final : Value {
  uint32_t at(uint32_t x) const override { return x; }
};

struct Pair : Value {
  const Value *a, *b;
  Pair(const Value *left, const Value *right) : a(left), b(right) {}
  int depth() const override {
    int l = a->depth(), r = b->depth();
    return 1 + (l > r ? l : r);
  }
};

struct Sum final : Pair {
  using Pair::Pair;
  uint32_t at(uint32_t x) const override { return a->at(x) + b->at(x); }
};

struct Product final : Pair {
  using Pair::Pair;
  uint32_t at(uint32_t x) const override { return a->at(x) * b->at(x) + 1; }
};

struct Mixed final : Pair {
  using Pair::Pair;
  uint32_t at(uint32_t x) const override { return a->at(x) ^ b->at(x + 1) >> 3; }
};

struct Choice final : Pair {
  using Pair::Pair;
  uint32_t at(uint32_t x) const override { return x & 1 ? a->at(x >> 1) : b->at(x >> 1); }
};

const Value *grow(int depth, uint32_t *seed) {
  uint32_t kind = bench_random(seed) >> 8;
  if (depth == 0) return kind & 1 ? static_cast<const Value *>(new Input) : new Number(kind);
  const Value *a = grow(depth - 1, seed), *b = grow(depth - 1, seed);
  switch (kind % 4) {
    case 0: return new Sum(a, b);
    case 1: return new Product(a, b);
    case 2: return new Mixed(a, b);
    default: return new Choice(a, b);
  }
}

const Value *tree() {
  static uint32_t seed = 12345;
  static const Value *const root = grow(9, &seed);
  return root;
}

uint64_t run(uint64_t number) {
  const Value *root = tree();
  uint64_t sum = static_cast<uint64_t>(root->depth());
  for (uint32_t i = 0; i < 700; i++) sum = bench_mix(sum, root->at(static_cast<uint32_t>(number) * 700 + i));
  return sum;
}

}  // namespace

int main(int argc, char **argv) { return bench(argc, argv, "virtual", 1, run); }
