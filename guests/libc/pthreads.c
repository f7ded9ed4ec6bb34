/* Do POSIX threads keep their promises: every kind of lock, conditions, keys, cancelling? */
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

enum { THREADS = 8, ROUNDS = 3000 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t read_write = PTHREAD_RWLOCK_INITIALIZER;
static pthread_barrier_t barrier;
static pthread_spinlock_t spin;
static long counter, spinning, written, mismatches, serial;
static __thread int own = 1;

static void run(void *(*function)(void *), int count) {
  pthread_t threads[THREADS];
  for (long i = 0; i < count; i++) {
    if (pthread_create(&threads[i], NULL, function, (void *)i) != 0) {
      OK(false, "pthread_create");
      exit(1);
    }
  }
  for (int i = 0; i < count; i++) {
    pthread_join(threads[i], NULL);
  }
}

static void *locking(void *argument) {
  (void)argument;
  for (int i = 0; i < ROUNDS; i++) {
    pthread_mutex_lock(&mutex);
    counter++;
    pthread_mutex_unlock(&mutex);
    pthread_spin_lock(&spin);
    spinning++;
    pthread_spin_unlock(&spin);
    if (i % 16 == 0) {
      pthread_rwlock_wrlock(&read_write);
      written += 2;
      pthread_rwlock_unlock(&read_write);
    } else {
      pthread_rwlock_rdlock(&read_write);
      if (written % 2) {
        __atomic_fetch_add(&mismatches, 1, __ATOMIC_RELAXED);
      }
      pthread_rwlock_unlock(&read_write);
    }
    own++;
  }
  if (own != ROUNDS + 1) {
    __atomic_fetch_add(&mismatches, 1, __ATOMIC_RELAXED);
  }
  return NULL;
}

static void *meeting(void *argument) {
  (void)argument;
  for (int i = 0; i < 100; i++) {
    int result = pthread_barrier_wait(&barrier);
    if (result == PTHREAD_BARRIER_SERIAL_THREAD) {
      serial++;
    }
    pthread_barrier_wait(&barrier);
  }
  return NULL;
}

/* A bounded queue: what goes in comes out, in number and in sum. */
static int queue[8], queued, taken;
static long long sum_in, sum_out;
static pthread_cond_t has_room = PTHREAD_COND_INITIALIZER;

static void *queueing(void *argument) {
  bool producer = (long)argument % 2 == 0;
  for (int i = 1; i <= ROUNDS; i++) {
    pthread_mutex_lock(&mutex);
    if (producer) {
      while (queued == 8) {
        pthread_cond_wait(&has_room, &mutex);
      }
      queue[queued++] = i;
      sum_in += i;
      pthread_cond_signal(&condition);
    } else {
      while (queued == 0) {
        pthread_cond_wait(&condition, &mutex);
      }
      sum_out += queue[--queued];
      taken++;
      pthread_cond_signal(&has_room);
    }
    pthread_mutex_unlock(&mutex);
  }
  return NULL;
}

static pthread_key_t key;
static int destroyed, once_runs;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void destroy(void *value) {
  __atomic_fetch_add(&destroyed, (int)(long)value, __ATOMIC_RELAXED);
}

static void run_once(void) {
  once_runs++;
}

static void *with_key(void *argument) {
  (void)argument;
  pthread_once(&once, run_once);
  pthread_setspecific(key, (void *)1L);
  return NULL;
}

static void kinds(void) {
  pthread_mutexattr_t attributes;
  pthread_mutex_t m;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
  pthread_mutex_init(&m, &attributes);
  OK(pthread_mutex_lock(&m) == 0 && pthread_mutex_lock(&m) == 0 && pthread_mutex_unlock(&m) == 0 &&
         pthread_mutex_unlock(&m) == 0 && pthread_mutex_unlock(&m) == EPERM,
     "recursive mutex");
  pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
  pthread_mutex_init(&m, &attributes);
  OK(pthread_mutex_lock(&m) == 0 && pthread_mutex_lock(&m) == EDEADLK &&
         pthread_mutex_trylock(&m) == EBUSY && pthread_mutex_unlock(&m) == 0,
     "error-checking mutex");
  struct timespec past = {1, 0};
  pthread_mutex_lock(&mutex);
  OK(pthread_cond_timedwait(&condition, &mutex, &past) == ETIMEDOUT, "a wait until the past ends");
  pthread_mutex_unlock(&mutex);
}

static void *holding(void *m) {
  pthread_mutex_lock(m);
  return NULL;
}

static void robust(void) {
  pthread_mutexattr_t attributes;
  pthread_mutex_t *m =
      mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  pthread_mutex_init(m, &attributes);
  pthread_t thread;
  pthread_create(&thread, NULL, holding, m);
  pthread_join(thread, NULL);
  OK(pthread_mutex_lock(m) == EOWNERDEAD, "a robust mutex tells that its thread died");
  OK(pthread_mutex_consistent(m) == 0 && pthread_mutex_unlock(m) == 0, "and can be repaired");
  pid_t child = fork();
  if (child == 0) {
    pthread_mutex_lock(m);
    _exit(0);
  }
  waitpid(child, NULL, 0);
  OK(pthread_mutex_lock(m) == EOWNERDEAD, "a robust mutex tells that its process died");
  pthread_mutex_unlock(m);
  OK(pthread_mutex_lock(m) == ENOTRECOVERABLE, "unrepaired it cannot be locked again");
}

static pthread_mutex_t inheriting;

static void *inherit(void *argument) {
  (void)argument;
  for (int i = 0; i < ROUNDS / 10; i++) {
    pthread_mutex_lock(&inheriting);
    counter++;
    pthread_mutex_unlock(&inheriting);
  }
  return NULL;
}

static void priority(void) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
  int error = pthread_mutex_init(&inheriting, &attributes);
  if (error == ENOTSUP || error == ENOSYS) {
    skip("priority-inheriting mutex", "the kernel has none");
    return;
  }
  counter = 0;
  run(inherit, 4);
  OK(error == 0 && counter == ROUNDS / 10 * 4, "priority-inheriting mutex");
}

static int cleaned;

static void clean(void *argument) {
  (void)argument;
  cleaned++;
}

static void *endless(void *argument) {
  pthread_cleanup_push(clean, NULL);
  sem_post(argument);
  for (;;) {
    pause();
  }
  pthread_cleanup_pop(0);
  return NULL;
}

static volatile int signalled_in;

static void note_thread(int number) {
  (void)number;
  signalled_in = own;
}

static void *waits_for_signal(void *argument) {
  own = 4711;
  sem_post(argument);
  while (!signalled_in) {
    usleep(1000);
  }
  return NULL;
}

static void steering(void) {
  sem_t ready;
  sem_init(&ready, 0, 0);
  pthread_t thread;
  void *result = NULL;
  pthread_create(&thread, NULL, endless, &ready);
  sem_wait(&ready);
  OK(pthread_cancel(thread) == 0 && pthread_join(thread, &result) == 0 &&
         result == PTHREAD_CANCELED && cleaned == 1,
     "a thread is cancelled and cleans up");
  signal(SIGUSR1, note_thread);
  pthread_create(&thread, NULL, waits_for_signal, &ready);
  sem_wait(&ready);
  OK(pthread_kill(thread, SIGUSR1) == 0 && pthread_join(thread, NULL) == 0 && signalled_in == 4711,
     "a signal goes to the thread it is for");
}

static void *nothing(void *argument) {
  return argument;
}

int main(void) {
  begin();
  pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE);
  run(locking, THREADS);
  OK(counter == THREADS * ROUNDS, "a mutex excludes");
  OK(spinning == THREADS * ROUNDS, "a spin lock excludes");
  OK(mismatches == 0, "a read-write lock excludes writers, thread-local variables are local");
  pthread_barrier_init(&barrier, NULL, THREADS);
  run(meeting, THREADS);
  OK(serial == 100, "a barrier lets exactly one thread be special");
  run(queueing, THREADS);
  OK(sum_in == sum_out && taken == THREADS / 2 * ROUNDS && queued == 0, "a bounded queue");
  pthread_key_create(&key, destroy);
  run(with_key, THREADS);
  OK(destroyed == THREADS, "each thread's key is destroyed");
  OK(once_runs == 1, "pthread_once runs once");
  kinds();
  robust();
  priority();
  steering();
  bool all = true;
  for (long i = 0; i < 300; i++) {
    pthread_t thread;
    void *result = NULL;
    all &= pthread_create(&thread, NULL, nothing, (void *)i) == 0 &&
           pthread_join(thread, &result) == 0 && result == (void *)i;
  }
  OK(all, "300 threads after each other give back what they got");
  return end();
}
