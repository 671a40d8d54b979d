/* Shared by the kernels: a team of threads, and numbers in eight bits. */

#pragma once

#include <immintrin.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#if !defined(__AVX2__) || !defined(__FMA__)
#error "these kernels need AVX2"
#endif
#if defined(__AVX512VNNI__) && defined(__AVX512BW__) && defined(__AVX512VL__)
#define WIDE 1 /* 64 products of bytes in one instruction */
#else
#define WIDE 0
#endif
#if defined(__AMX_INT8__) && WIDE
#define TILES 1 /* 16,384 of them */
#else
#define TILES 0
#endif
#if defined(__AVXVNNI__) && !WIDE
#define NARROW 1 /* 32 of them */
#else
#define NARROW 0
#endif

#define LOWEST -3e38f /* instead of infinity, which -ffinite-math-only does not know */
#define DEEP 64       /* inputs that are multiplied together */
#define PANEL 32      /* outputs that are */
#if WIDE
#define TALL 16 /* rows that stand together in a packed matrix */
#else
#define TALL 12
#endif

/* Threads that work through the items of one phase after another. Whoever is free takes the next
   item, so one that the machine holds up costs the others little; between phases they wait for
   one another, awake, since going to sleep would take longer than most phases. Who waits for long
   gives way to other work, and then sleeps a little. */
typedef struct {
  _Alignas(64) atomic_int next;
  _Alignas(64) atomic_int arrived;
  _Alignas(64) atomic_int phase;
  int size;
} team;

static inline int claim(team *t) {
  return atomic_fetch_add_explicit(&t->next, 1, memory_order_relaxed);
}

static inline void meet(team *t) {
  int phase = atomic_load_explicit(&t->phase, memory_order_relaxed);
  if (atomic_fetch_add_explicit(&t->arrived, 1, memory_order_acq_rel) + 1 == t->size) {
    atomic_store_explicit(&t->arrived, 0, memory_order_relaxed);
    atomic_store_explicit(&t->next, 0, memory_order_relaxed);
    atomic_store_explicit(&t->phase, phase + 1, memory_order_release);
    return;
  }
  for (int spins = 0; atomic_load_explicit(&t->phase, memory_order_acquire) == phase; spins++) {
    if (spins < 4096)
      _mm_pause();
    else if (spins < 4096 + 256)
      sched_yield();
    else
      nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
  }
}

/* Threads of our own, which sleep between calls: those of OpenMP do not survive a fork, and two
   runtimes of it in one process get in each other's way. */
#define MOST_THREADS 256

typedef void (*job)(team *t, void *about);

static struct {
  pthread_mutex_t caller; /* held through a call: the next caller waits */
  pthread_mutex_t lock;   /* of what follows */
  pthread_cond_t begun, ended;
  int started, wanted, working;
  unsigned turn, seen[MOST_THREADS];
  team t;
  job does;
  void *about;
} crew = {.caller = PTHREAD_MUTEX_INITIALIZER,
          .lock = PTHREAD_MUTEX_INITIALIZER,
          .begun = PTHREAD_COND_INITIALIZER,
          .ended = PTHREAD_COND_INITIALIZER};

static _Thread_local int thread_number;

static void *serve(void *seen) {
  thread_number = (int)((unsigned *)seen - crew.seen);
  pthread_mutex_lock(&crew.lock);
  for (;;) {
    while (crew.turn == *(unsigned *)seen) pthread_cond_wait(&crew.begun, &crew.lock);
    *(unsigned *)seen = crew.turn;
    if (thread_number >= crew.wanted) continue;
    pthread_mutex_unlock(&crew.lock);
    crew.does(&crew.t, crew.about);
    pthread_mutex_lock(&crew.lock);
    if (--crew.working == 0) pthread_cond_signal(&crew.ended);
  }
  return NULL;
}

/* A forked child has none of its parent's threads, and starts its own. */
static void forget_threads(void) {
  crew.started = 0;
  pthread_mutex_init(&crew.caller, NULL);
  pthread_mutex_init(&crew.lock, NULL);
  pthread_cond_init(&crew.begun, NULL);
  pthread_cond_init(&crew.ended, NULL);
}

static void note_forks(void) { pthread_atfork(NULL, NULL, forget_threads); }

/* Start what is missing of `threads`, this one included; signals are left to the caller's. */
static void start_threads(int threads) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  for (pthread_t made; crew.started < threads - 1; crew.started++) {
    unsigned *seen = crew.seen + crew.started + 1;
    *seen = crew.turn;
    if (pthread_create(&made, NULL, serve, seen)) break;
    pthread_detach(made);
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* Have up to `threads` threads do a job together, this one among them. */
static void together(int threads, job does, void *about) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, note_forks);
  pthread_mutex_lock(&crew.caller);
  pthread_mutex_lock(&crew.lock);
  start_threads(threads < MOST_THREADS ? threads : MOST_THREADS);
  crew.wanted = threads < crew.started + 1 ? threads : crew.started + 1;
  crew.working = crew.wanted - 1;
  crew.does = does;
  crew.about = about;
  memset(&crew.t, 0, sizeof(team));
  crew.t.size = crew.wanted;
  crew.turn++;
  pthread_cond_broadcast(&crew.begun);
  pthread_mutex_unlock(&crew.lock);
  thread_number = 0;
  does(&crew.t, about);
  pthread_mutex_lock(&crew.lock);
  while (crew.working) pthread_cond_wait(&crew.ended, &crew.lock);
  pthread_mutex_unlock(&crew.lock);
  pthread_mutex_unlock(&crew.caller);
}

/* Every item of a phase, shared out; all of them are done behind it. */
#define SHARE(team, item, count) for (int item; (item = claim(team)) < (count);)

static inline int up(int n, int step) { return (n + step - 1) / step * step; }

/* e^x within 3e-6 relative, for -60 <= x <= 0 (Cephes' polynomial; near 0 within 1e-7), and e^-60
   below: beside 1 it vanishes, and products with it stay clear of denormal numbers, which are
   slow. Written so that loops vectorise. */
static inline float exp_of(float x) {
  x = x < -60.0f ? -60.0f : x;
  float n = floorf(x * 1.44269504f + 0.5f);
  float r = x - n * 0.693359375f + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  union { int32_t i; float f; } power = {((int32_t)n + 127) << 23};
  return p * power.f;
}

/* The upper half of a float. Numbers between two products are kept like this, since writing them
   takes longer than computing them. */
typedef uint16_t bf16;

static inline bf16 shorten(float x) {
  union { float f; uint32_t i; } v = {x};
  return (bf16)((v.i + 0x7fff + ((v.i >> 16) & 1)) >> 16);
}

static inline void lengthen(const bf16 *x, int count, float *to) {
  for (int i = 0; i < count; i++) {
    union { uint32_t i; float f; } v = {(uint32_t)x[i] << 16};
    to[i] = v.f;
  }
}

static inline float largest_of(const float *x, int count) {
  float largest = 0;
  for (int i = 0; i < count; i++) {
    float a = fabsf(x[i]);
    largest = a > largest ? a : largest;
  }
  return largest > 1e-12f ? largest : 1e-12f;
}

/* Rows to be multiplied, in whole numbers up to 127, in blocks of TALL rows x DEEP inputs. */
#if TILES
typedef int8_t whole;
#define SHIFT 0
#else
typedef uint8_t whole; /* the instructions want one side unsigned */
#define SHIFT 128
#endif

typedef struct {
  whole *data;
  float *scale; /* of each row */
  int inputs;
  int positive; /* whether none is negative */
} packed_rows;

/* The rows from `start` on, a multiple of TALL. */
static inline packed_rows from_row(packed_rows rows, int start) {
  rows.data += (size_t)start * rows.inputs;
  rows.scale += start;
  return rows;
}

/* What is added to a row's numbers so that none is negative. */
static inline int shift_of(packed_rows rows) { return rows.positive ? 0 : SHIFT; }

static inline void pack_row(packed_rows to, int row, const float *x) {
  float largest = largest_of(x, to.inputs), times = 127.0f / largest;
  int shift = shift_of(to);
  whole *at = to.data + (size_t)(row / TALL) * TALL * to.inputs + row % TALL * DEEP;
  for (int k = 0; k < to.inputs; k += DEEP, at += TALL * DEEP)
    for (int i = 0; i < DEEP; i++) at[i] = (whole)((int32_t)rintf(x[k + i] * times) + shift);
  to.scale[row] = largest / 127.0f;
}
