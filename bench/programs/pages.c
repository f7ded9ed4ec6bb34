/* A process with memory to freeze: `pages MIB` fills that much with what no compressor makes smaller,
 * prints "ready", and then for each number that it reads writes a word in as many pages, picked at
 * random, and prints "done". In the end it prints a checksum over all of it. It measures nothing by
 * itself. */
#include <inttypes.h>
#include <sys/mman.h>

#include "bench.h"

enum { PAGE = 4096, WORDS = PAGE / 4 };

int main(int argc, char **argv) {
  size_t pages = (argc > 1 ? strtoul(argv[1], NULL, 10) : 100) << 8;
  uint32_t *memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return 1;
  uint32_t seed = 1;
  for (size_t i = 0; i < pages * WORDS; i++) memory[i] = bench_random(&seed);
  puts("ready");
  fflush(stdout);
  for (unsigned long count; scanf("%lu", &count) == 1;) {
    while (count-- > 0) memory[bench_random(&seed) % pages * WORDS + bench_random(&seed) % WORDS] = seed;
    puts("done");
    fflush(stdout);
  }
  uint64_t sum = 0;
  for (size_t i = 0; i < pages * WORDS; i++) sum = bench_mix(sum, memory[i]);
  printf("checksum %016" PRIx64 "\n", sum);
  return 0;
}
