/* Bodies that attract each other: multiply-adds, roots and quotients in double precision. */
#include <math.h>
#include <string.h>

#include "bench.h"

enum { BODIES = 8, STEPS = 600 };

struct body {
  double x, y, z, vx, vy, vz, mass;
};

static struct body bodies[BODIES];

static void place(uint32_t seed) {
  for (int i = 0; i < BODIES; i++) {
    double *number = &bodies[i].x;
    for (int k = 0; k < 7; k++) number[k] = (bench_random(&seed) % 20001 - 10000.0) / 1024;
    bodies[i].mass = fabs(bodies[i].mass) / 16 + 0.125;
    bodies[i].vx /= 64;
    bodies[i].vy /= 64;
    bodies[i].vz /= 64;
  }
}

static NOINLINE void advance(double dt) {
  for (int i = 0; i < BODIES; i++) {
    struct body *a = &bodies[i];
    for (int k = i + 1; k < BODIES; k++) {
      struct body *b = &bodies[k];
      double dx = a->x - b->x, dy = a->y - b->y, dz = a->z - b->z;
      double squared = dx * dx + dy * dy + dz * dz + 0.01;
      double pull = dt / (squared * sqrt(squared));
      a->vx -= dx * b->mass * pull;
      a->vy -= dy * b->mass * pull;
      a->vz -= dz * b->mass * pull;
      b->vx += dx * a->mass * pull;
      b->vy += dy * a->mass * pull;
      b->vz += dz * a->mass * pull;
    }
  }
  for (int i = 0; i < BODIES; i++) {
    bodies[i].x += dt * bodies[i].vx;
    bodies[i].y += dt * bodies[i].vy;
    bodies[i].z += dt * bodies[i].vz;
  }
}

static uint64_t run(uint64_t number) {
  place((uint32_t)number + 1);
  for (int i = 0; i < STEPS; i++) advance(0.01);
  uint64_t sum = 0, bits;
  for (int i = 0; i < BODIES; i++) {
    memcpy(&bits, &bodies[i].x, sizeof bits);
    sum = bench_mix(sum, bits);
    memcpy(&bits, &bodies[i].vz, sizeof bits);
    sum = bench_mix(sum, bits);
  }
  return sum;
}

int main(int argc, char **argv) { return bench(argc, argv, "nbody", 1, run); }
