/* Attention over keys and values that are kept in 8 bits, with a scale for each head of each
   position. Queries and weights go in as 16 bits in two halves, and sums are exact until they are
   scaled. */

#pragma once

#include "common.h"

#define POSITIONS 16   /* positions that stand together in a block */
#define HEAVIEST 8191  /* the largest weight: 2,000 of them times 127 fit 31 bits */
#define MOST_HEADS 256
#define MOST_DIM 256   /* times 255 and SHARPEST they fit 31 bits */
#define SHARPEST 32639 /* the largest number of a query whose halves both fit 8 bits */

/* A block of the KV cache holds POSITIONS positions of one sequence: keys
   [head][dim / 4][position][4], each plus 128; values [head][position / 4][dim][4]; the keys'
   scales [head][position], the values'. */
typedef struct {
  int heads, dim;
} form;

static inline size_t keys_size(form f) { return (size_t)f.heads * f.dim * POSITIONS; }
static inline size_t block_size(form f) {
  return 2 * keys_size(f) + (size_t)2 * f.heads * POSITIONS * sizeof(float);
}
static inline float *scales_of(uint8_t *block, form f) {
  return (float *)(block + 2 * keys_size(f));
}

/* Round floats to whole numbers up to 127, plus `shift`; returns the scale that restores them. */
static inline float to_bytes(const float *x, int dim, int shift, uint8_t *to) {
  float most = largest_of(x, dim), times = 127.0f / most;
  for (int i = 0; i < dim; i++) to[i] = (uint8_t)((int32_t)rintf(x[i] * times) + shift);
  return most / 127.0f;
}

/* Keep the key and value (heads x dim floats each) of one position of a sequence. */
static inline void keep(uint8_t *cache, form f, int position, const float *key,
                        const float *value) {
  uint8_t *block = cache + position / POSITIONS * block_size(f), *values = block + keys_size(f);
  float *scales = scales_of(block, f);
  uint8_t bytes[MOST_DIM];
  int at = position % POSITIONS;
  /* Positions behind the last one have no scale. */
  if (at == 0) memset(scales, 0, sizeof(float) * 2 * f.heads * POSITIONS);
  for (int h = 0; h < f.heads; h++) {
    uint8_t *keys = block + (size_t)h * f.dim * POSITIONS + at * 4;
    scales[h * POSITIONS + at] = to_bytes(key + h * f.dim, f.dim, 128, bytes);
    for (int i = 0; i < f.dim; i += 4) memcpy(keys + i * POSITIONS, bytes + i, 4);
    uint8_t *to = values + (size_t)h * f.dim * POSITIONS + at / 4 * f.dim * 4 + at % 4;
    scales[(f.heads + h) * POSITIONS + at] = to_bytes(value + h * f.dim, f.dim, 0, bytes);
    for (int i = 0; i < f.dim; i++) to[i * 4] = bytes[i];
  }
}

/* Numbers of 16 bits to be multiplied with bytes: where bytes are multiplied with bytes, they go
   in as two halves. Four neighbours are multiplied together. */
#if WIDE
typedef struct {
  int8_t *high, *low;
} halves;

static inline halves halves_at(uint8_t *memory, size_t count) {
  return (halves){(int8_t *)memory, (int8_t *)memory + count};
}

static inline halves behind(halves x, size_t count) {
  return (halves){x.high + count, x.low + count};
}

/* Both halves with a sign. */
static inline int32_t split(halves to, const float *x, float times, int count) {
  int32_t total = 0;
  for (int i = 0; i < count; i++) {
    int32_t v = (int32_t)rintf(x[i] * times), high = (v + 128) >> 8;
    to.high[i] = (int8_t)high;
    to.low[i] = (int8_t)(v - high * 256);
    total += v;
  }
  return total;
}

/* Of numbers that are not negative, both without. */
static inline void split_positive(halves to, const float *x, float times, int count) {
  for (int i = 0; i < count; i++) {
    int32_t v = (int32_t)rintf(x[i] * times);
    to.high[i] = (int8_t)(v >> 8);
    to.low[i] = (int8_t)(v & 255);
  }
}

static inline __m512i four_of(const int8_t *x) {
  int32_t four;
  memcpy(&four, x, 4);
  return _mm512_set1_epi32(four);
}

static inline void score(const uint8_t *keys, halves query, int dim, int32_t *sums) {
  __m512i high = _mm512_setzero_si512(), low = high, high2 = high, low2 = high;
  for (int i = 0; i < dim; i += 8) {
    __m512i a = _mm512_loadu_si512(keys + i * 16), b = _mm512_loadu_si512(keys + i * 16 + 64);
    high = _mm512_dpbusd_epi32(high, a, four_of(query.high + i));
    low = _mm512_dpbusd_epi32(low, a, four_of(query.low + i));
    high2 = _mm512_dpbusd_epi32(high2, b, four_of(query.high + i + 4));
    low2 = _mm512_dpbusd_epi32(low2, b, four_of(query.low + i + 4));
  }
  high = _mm512_slli_epi32(_mm512_add_epi32(high, high2), 8);
  _mm512_storeu_si512(sums, _mm512_add_epi32(high, _mm512_add_epi32(low, low2)));
}

static inline void mix(const int8_t *values, halves weights, int count, int dim, int32_t *mixed) {
  for (int i = 0; i < dim; i += 16) {
    __m512i high = _mm512_setzero_si512(), low = high;
    for (int t = 0; t < count; t += 4) {
      __m512i v = _mm512_loadu_si512(values + t * dim + i * 4);
      high = _mm512_dpbusd_epi32(high, four_of(weights.high + t), v);
      low = _mm512_dpbusd_epi32(low, four_of(weights.low + t), v);
    }
    __m512i sum = _mm512_add_epi32(_mm512_slli_epi32(high, 8), low);
    _mm512_storeu_si512(mixed + i, _mm512_add_epi32(_mm512_loadu_si512(mixed + i), sum));
  }
}
#else
typedef struct {
  int16_t *all;
} halves;

static inline halves halves_at(uint8_t *memory, size_t count) {
  (void)count;
  return (halves){(int16_t *)memory};
}

static inline halves behind(halves x, size_t count) { return (halves){x.all + count}; }

static inline int32_t split(halves to, const float *x, float times, int count) {
  int32_t total = 0;
  for (int i = 0; i < count; i++) {
    int32_t v = (int32_t)rintf(x[i] * times);
    to.all[i] = (int16_t)v;
    total += v;
  }
  return total;
}

static inline void split_positive(halves to, const float *x, float times, int count) {
  split(to, x, times, count);
}

static inline __m256i four_of(const int16_t *x) {
  int64_t four;
  memcpy(&four, x, 8);
  return _mm256_set1_epi64x(four);
}

/* Sums of neighbouring pairs of 4 x 8 numbers, in order. */
static inline void add_pairs(const __m256i pairs[4], int32_t *sums, int keep_old) {
  for (int i = 0; i < 2; i++) {
    __m256i both = _mm256_hadd_epi32(pairs[2 * i], pairs[2 * i + 1]);
    __m256i *to = (__m256i *)(sums + 8 * i);
    both = _mm256_permute4x64_epi64(both, 0xd8);
    _mm256_storeu_si256(to, keep_old ? _mm256_add_epi32(both, _mm256_loadu_si256(to)) : both);
  }
}

static inline void score(const uint8_t *keys, halves query, int dim, int32_t *sums) {
  __m256i pairs[4] = {0};
  for (int i = 0; i < dim; i += 4) {
    __m256i x = four_of(query.all + i);
    for (int j = 0; j < 4; j++) {
      __m128i bytes = _mm_loadu_si128((const __m128i *)(keys + i * 16 + j * 16));
      pairs[j] = _mm256_add_epi32(pairs[j], _mm256_madd_epi16(_mm256_cvtepu8_epi16(bytes), x));
    }
  }
  add_pairs(pairs, sums, 0);
}

static inline void mix(const int8_t *values, halves weights, int count, int dim, int32_t *mixed) {
  for (int i = 0; i < dim; i += 16) {
    __m256i pairs[4] = {0};
    for (int t = 0; t < count; t += 4) {
      __m256i x = four_of(weights.all + t);
      for (int j = 0; j < 4; j++) {
        const int8_t *at = values + t * dim + (i + j * 4) * 4;
        __m256i v = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)at));
        pairs[j] = _mm256_add_epi32(pairs[j], _mm256_madd_epi16(v, x));
      }
    }
    add_pairs(pairs, mixed + i, 1);
  }
}
#endif

/* The memory that one thread needs to attend over up to `positions` positions. */
typedef struct {
  float *scores;   /* (heads, positions) */
  int32_t *mixed;  /* heads x dim */
  halves query;    /* heads x dim */
  halves weights;  /* (heads, positions) */
  uint8_t *wanted; /* positions */
} attend_scratch;

static inline size_t attend_scratch_size(form f, int positions) {
  size_t width = (size_t)f.heads * f.dim, rounded = up(positions, POSITIONS);
  size_t all = f.heads * rounded;
  return (all * 6 + width * 6 + rounded + 63) / 64 * 64;
}

static inline attend_scratch attend_scratch_at(uint8_t *memory, form f, int positions) {
  size_t width = (size_t)f.heads * f.dim, rounded = up(positions, POSITIONS);
  size_t all = f.heads * rounded;
  attend_scratch s;
  s.scores = (float *)memory;
  s.mixed = (int32_t *)(s.scores + all);
  s.query = halves_at((uint8_t *)(s.mixed + width), width);
  s.weights = halves_at((uint8_t *)(s.mixed + width) + 2 * width, all);
  s.wanted = (uint8_t *)(s.mixed + width) + 2 * width + 2 * all;
  return s;
}

static inline void fetch(const uint8_t *memory, size_t bytes) {
  for (size_t i = 0; i < bytes; i += 64) _mm_prefetch(memory + i, _MM_HINT_T0);
}

/* Softmax of `count` scores, (rounded,), to whole weights that sum to about 1 / the result; they
   take in the values' scales. Scores of positions that are not wanted are LOWEST. */
static inline float weigh(float *scores, int count, int rounded, const uint8_t *cache, form f,
                          int head, halves weights) {
  float largest = LOWEST, total = 0, most = 1e-30f;
  for (int t = count; t < rounded; t++) scores[t] = LOWEST;
  for (int t = 0; t < rounded; t++) largest = scores[t] > largest ? scores[t] : largest;
  for (int b = 0; b < rounded; b += POSITIONS) {
    const uint8_t *block = cache + b / POSITIONS * block_size(f);
    const float *scale = (const float *)(block + 2 * keys_size(f)) + (f.heads + head) * POSITIONS;
    for (int t = 0; t < POSITIONS; t++) {
      float w = exp_of(scores[b + t] - largest);
      total += w;
      w *= scale[t];
      most = w > most ? w : most;
      scores[b + t] = w;
    }
  }
  split_positive(weights, scores, HEAVIEST / most, rounded);
  return most / (HEAVIEST * total);
}

/* One query over the first `count` positions of a sequence, or of these the `wanted` ones: `out` is
   the mixture of their values, (heads x dim,). `query` comes divided by the root of dim. */
static inline __attribute__((always_inline)) void attend_with(const float *query,
                                                              const uint8_t *cache, int heads,
                                                              int dim, int count,
                                                              const uint8_t *wanted,
                                                              attend_scratch s, float *out) {
  form f = {heads, dim};
  int rounded = up(count, POSITIONS), ahead = 2 * dim * POSITIONS;
  float scale[MOST_HEADS];
  int32_t shift[MOST_HEADS];
  for (int h = 0; h < heads; h++) {
    float largest = largest_of(query + h * dim, dim);
    scale[h] = largest / SHARPEST;
    shift[h] = 128 * split(behind(s.query, h * dim), query + h * dim, SHARPEST / largest, dim);
  }
  for (int b = 0; b < rounded; b += POSITIONS) {
    const uint8_t *block = cache + b / POSITIONS * block_size(f);
    const float *key_scale = (const float *)(block + 2 * keys_size(f));
    for (int h = 0; h < heads; h++) {
      int32_t sums[POSITIONS];
      const uint8_t *keys = block + (size_t)h * dim * POSITIONS;
      fetch(keys + ahead, dim * POSITIONS); /* the last ones are the first values */
      score(keys, behind(s.query, h * dim), dim, sums);
      float *scores = s.scores + h * rounded + b;
      for (int t = 0; t < POSITIONS; t++)
        scores[t] = (float)(sums[t] - shift[h]) * scale[h] * key_scale[h * POSITIONS + t];
      for (int t = 0; wanted && t < POSITIONS; t++) scores[t] = wanted[b + t] ? scores[t] : LOWEST;
    }
  }
  for (int h = 0; h < heads; h++)
    scale[h] = weigh(s.scores + h * rounded, count, rounded, cache, f, h,
                     behind(s.weights, h * rounded));
  memset(s.mixed, 0, sizeof(int32_t) * heads * dim);
  for (int b = 0; b < rounded; b += POSITIONS) {
    const uint8_t *block = cache + b / POSITIONS * block_size(f);
    int filled = count - b < POSITIONS ? up(count - b, 4) : POSITIONS;
    for (int h = 0; h < heads; h++) {
      const uint8_t *values = block + keys_size(f) + (size_t)h * dim * POSITIONS;
      if (h + 2 < heads) fetch(values + ahead, dim * filled);
      mix((const int8_t *)values, behind(s.weights, h * rounded + b), filled, dim,
          s.mixed + h * dim);
    }
  }
  for (int h = 0; h < heads; h++)
    for (int i = 0; i < dim; i++) out[h * dim + i] = s.mixed[h * dim + i] * scale[h];
}

static void attend(const float *query, const uint8_t *cache, form f, int count,
                   const uint8_t *wanted, attend_scratch s, float *out) {
  if (f.dim == 64) /* every NLLB checkpoint but the largest: a constant lets loops unroll */
    attend_with(query, cache, f.heads, 64, count, wanted, s, out);
  else
    attend_with(query, cache, f.heads, f.dim, count, wanted, s, out);
}
