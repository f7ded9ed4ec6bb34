/* Indirect branches: an interpreter's loop over a small program for a stack machine. */
#include "bench.h"

enum op { PUSH, LOAD, STORE, ADD, SUB, MUL, XOR, SHIFT, LESS, JUMP_IF, JUMP, PEEK, POKE, HALT };

struct step {
  uint8_t op;
  uint8_t argument;
};

/* Sieve of 250, sum of the primes, mixed by shifts; variables: 0 i, 1 k, 2 sum. */
static const struct step program[] = {
    {PUSH, 2},  {STORE, 0},                              /* i = 2 */
    {LOAD, 0},  {PUSH, 250}, {LESS, 0},    {JUMP_IF, 7}, /* 2: while i < 250 */
    {JUMP, 38}, {LOAD, 0},   {PEEK, 0},    {JUMP_IF, 33}, /* 7: unless composite[i] */
    {LOAD, 2},  {PUSH, 3},   {SHIFT, 0},   {LOAD, 2},    {XOR, 0}, {LOAD, 0}, {ADD, 0}, {STORE, 2},
    {LOAD, 0},  {LOAD, 0},   {ADD, 0},     {STORE, 1}, /* 18: k = i + i */
    {LOAD, 1},  {PUSH, 250}, {LESS, 0},    {JUMP_IF, 27}, /* 22: while k < 250 */
    {JUMP, 33}, {PUSH, 1},   {LOAD, 1},    {POKE, 0},     /* 27: composite[k] = 1 */
    {LOAD, 1},  {LOAD, 0},   {JUMP, 43},   /* to the increment of k */
    {LOAD, 0},  {PUSH, 1},   {ADD, 0},     {STORE, 0}, {JUMP, 2}, /* 33: i++ */
    {LOAD, 2},  {PUSH, 7},   {MUL, 0},     {STORE, 2}, {HALT, 0}, /* 38 */
    {ADD, 0},   {STORE, 1},  {JUMP, 22},                          /* 43 */
};

static NOINLINE uint32_t interpret(const struct step *code, uint32_t *variables, uint8_t *memory) {
  static const void *const labels[] = {&&push, &&load,  &&store, &&add,  &&sub,  &&mul,  &&xor,
                                       &&shift, &&less, &&jump_if, &&jump, &&peek, &&poke, &&halt};
  uint32_t stack[16], *top = stack;
  const struct step *at = code;
#define NEXT goto *labels[(at++)->op]
#define ARGUMENT at[-1].argument
  NEXT;
push: *top++ = ARGUMENT; NEXT;
load: *top++ = variables[ARGUMENT]; NEXT;
store: variables[ARGUMENT] = *--top; NEXT;
add: top--; top[-1] += *top; NEXT;
sub: top--; top[-1] -= *top; NEXT;
mul: top--; top[-1] *= *top; NEXT;
xor: top--; top[-1] ^= *top; NEXT;
shift: top--; top[-1] <<= *top; NEXT;
less: top--; top[-1] = top[-1] < *top; NEXT;
jump_if:
  if (*--top) at = code + ARGUMENT;
  NEXT;
jump: at = code + ARGUMENT; NEXT;
peek: top[-1] = memory[top[-1]]; NEXT;
poke: top -= 2; memory[top[1]] = (uint8_t)*top; NEXT;
halt: return variables[2];
}

static uint64_t run(uint64_t number) {
  uint64_t sum = number;
  for (int i = 0; i < 150; i++) {
    uint32_t variables[3] = {0, 0, (uint32_t)(number + (unsigned)i)};
    uint8_t memory[256] = {0};
    sum = bench_mix(sum, interpret(program, variables, memory));
  }
  return sum;
}

int main(int argc, char **argv) { return bench(argc, argv, "interp", 1, run); }
