/* Attention over keys and values that are kept in 8 bits, with a scale for each head of each
   position. Queries and weights go in as 16 bits in two halves, and sums are exact until they are
   scaled. */

#pragma once

#include "common.h"

#define PLACES 16      /* positions that stand together in a block */
#define HEAVIEST 8191  /* the largest weight, so that a thousand of them times 127 fit 31 bits */
#define MOST_HEADS 256
#define SHARPEST 32639 /* the largest part of a query whose halves both fit 8 bits */

/* A block holds PLACES positions of one row: keys [head][group of 4][position][4], each plus 128;
   values [head][group of 4 positions][part][4]; the keys' scales [head][position], the values'. */
typedef struct {
  int heads, dim;
} form;

static inline size_t keys_size(form f) { return (size_t)f.heads * f.dim * PLACES; }
static inline size_t block_size(form f) {
  return 2 * keys_size(f) + (size_t)2 * f.heads * PLACES * sizeof(float);
}
static inline float *scales_of(uint8_t *block, form f) {
  return (float *)(block + 2 * keys_size(f));
}

/* Keep the key and value (heads x dim floats each) of one position of a row. */
static inline void keep(uint8_t *row, form f, int place, const float *key, const float *value) {
  uint8_t *block = row + place / PLACES * block_size(f);
  int8_t *values = (int8_t *)block + keys_size(f);
  float *scales = scales_of(block, f);
  int at = place % PLACES;
  for (int h = 0; h < f.heads; h++) {
    const float *k = key + h * f.dim, *v = value + h * f.dim;
    float key_most = largest_of(k, f.dim), value_most = largest_of(v, f.dim);
    float key_times = 127.0f / key_most, value_times = 127.0f / value_most;
    uint8_t *keys = block + (size_t)h * f.dim * PLACES + at * 4;
    for (int g = 0; g < f.dim / 4; g++)
      for (int i = 0; i < 4; i++)
        keys[g * PLACES * 4 + i] = (uint8_t)((int32_t)rintf(k[g * 4 + i] * key_times) + 128);
    int8_t *to = values + (size_t)h * f.dim * PLACES + (at / 4) * f.dim * 4 + at % 4;
    for (int i = 0; i < f.dim; i++) to[i * 4] = (int8_t)(int32_t)rintf(v[i] * value_times);
    scales[h * PLACES + at] = key_most / 127.0f;
    scales[(f.heads + h) * PLACES + at] = value_most / 127.0f;
  }
}

/* Sixteen sums of `groups` products of four: bytes of shape (groups, 16, 4) times `parts`, four
   16-bit numbers for each group. */
#if WIDE
typedef struct {
  int32_t high, low; /* four bytes each */
} quad;

static inline quad quad_of(const int16_t x[4]) {
  quad q;
  int8_t high[4], low[4];
  for (int i = 0; i < 4; i++) {
    high[i] = (int8_t)((x[i] + 128) >> 8);
    low[i] = (int8_t)(x[i] - high[i] * 256);
  }
  memcpy(&q.high, high, 4);
  memcpy(&q.low, low, 4);
  return q;
}

/* Halves of numbers that are not negative, the lower one unsigned. */
static inline quad positive_quad_of(const int16_t x[4]) {
  quad q;
  uint8_t high[4], low[4];
  for (int i = 0; i < 4; i++) {
    high[i] = (uint8_t)(x[i] >> 8);
    low[i] = (uint8_t)(x[i] & 255);
  }
  memcpy(&q.high, high, 4);
  memcpy(&q.low, low, 4);
  return q;
}

static inline void score(const uint8_t *keys, const quad *query, int groups, int32_t *sums) {
  __m512i high = _mm512_setzero_si512(), low = high, high2 = high, low2 = high;
  for (int g = 0; g < groups; g += 2) {
    __m512i a = _mm512_loadu_si512(keys + g * 64), b = _mm512_loadu_si512(keys + g * 64 + 64);
    high = _mm512_dpbusd_epi32(high, a, _mm512_set1_epi32(query[g].high));
    low = _mm512_dpbusd_epi32(low, a, _mm512_set1_epi32(query[g].low));
    high2 = _mm512_dpbusd_epi32(high2, b, _mm512_set1_epi32(query[g + 1].high));
    low2 = _mm512_dpbusd_epi32(low2, b, _mm512_set1_epi32(query[g + 1].low));
  }
  high = _mm512_slli_epi32(_mm512_add_epi32(high, high2), 8);
  _mm512_storeu_si512(sums, _mm512_add_epi32(high, _mm512_add_epi32(low, low2)));
}

/* Adds to `mixed`, (dim,): values of shape (groups, dim, 4) by their weights. */
static inline void mix(const int8_t *values, const quad *weights, int groups, int dim,
                       int32_t *mixed) {
  for (int i = 0; i < dim; i += 16) {
    __m512i high = _mm512_setzero_si512(), low = high;
    for (int g = 0; g < groups; g++) {
      __m512i v = _mm512_loadu_si512(values + (size_t)(g * dim + i) * 4);
      high = _mm512_dpbusd_epi32(high, _mm512_set1_epi32(weights[g].high), v);
      low = _mm512_dpbusd_epi32(low, _mm512_set1_epi32(weights[g].low), v);
    }
    __m512i sum = _mm512_add_epi32(_mm512_slli_epi32(high, 8), low);
    _mm512_storeu_si512(mixed + i, _mm512_add_epi32(_mm512_loadu_si512(mixed + i), sum));
  }
}
#else
typedef struct {
  int64_t all; /* four numbers of 16 bits */
} quad;

static inline quad quad_of(const int16_t x[4]) {
  quad q;
  memcpy(&q.all, x, 8);
  return q;
}

#define positive_quad_of quad_of

/* Sums of neighbouring pairs of 4 x 8 numbers, in order. */
static inline void add_pairs(const __m256i pairs[4], int32_t *sums, int keep_old) {
  for (int i = 0; i < 2; i++) {
    __m256i both = _mm256_hadd_epi32(pairs[2 * i], pairs[2 * i + 1]);
    __m256i *to = (__m256i *)(sums + 8 * i);
    both = _mm256_permute4x64_epi64(both, 0xd8);
    _mm256_storeu_si256(to, keep_old ? _mm256_add_epi32(both, _mm256_loadu_si256(to)) : both);
  }
}

static inline void score(const uint8_t *keys, const quad *query, int groups, int32_t *sums) {
  __m256i pairs[4] = {_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256(),
                      _mm256_setzero_si256()};
  for (int g = 0; g < groups; g++) {
    __m256i x = _mm256_set1_epi64x(query[g].all);
    for (int j = 0; j < 4; j++) {
      __m128i bytes = _mm_loadu_si128((const __m128i *)(keys + g * 64 + j * 16));
      pairs[j] = _mm256_add_epi32(pairs[j], _mm256_madd_epi16(_mm256_cvtepu8_epi16(bytes), x));
    }
  }
  add_pairs(pairs, sums, 0);
}

static inline void mix(const int8_t *values, const quad *weights, int groups, int dim,
                       int32_t *mixed) {
  for (int i = 0; i < dim; i += 16) {
    __m256i pairs[4] = {_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256(),
                        _mm256_setzero_si256()};
    for (int g = 0; g < groups; g++) {
      __m256i x = _mm256_set1_epi64x(weights[g].all);
      for (int j = 0; j < 4; j++) {
        const int8_t *at = values + (size_t)(g * dim + i + j * 4) * 4;
        __m256i v = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)at));
        pairs[j] = _mm256_add_epi32(pairs[j], _mm256_madd_epi16(v, x));
      }
    }
    add_pairs(pairs, mixed + i, 1);
  }
}
#endif

/* What one thread needs to attend over `places` positions. */
typedef struct {
  float *scores;   /* (heads, places) */
  quad *quads;     /* (heads x dim or heads x places) / 4 */
  int32_t *mixed;  /* heads x dim */
  uint8_t *wanted; /* places */
} attend_scratch;

static inline size_t attend_scratch_size(form f, int places) {
  size_t rounded = up(places, PLACES), width = (size_t)f.heads * f.dim;
  size_t quads = width > f.heads * rounded ? width : f.heads * rounded;
  return up((int)(f.heads * rounded * sizeof(float) + quads / 4 * sizeof(quad) +
                  width * sizeof(int32_t) + rounded), 64);
}

static inline attend_scratch attend_scratch_at(uint8_t *memory, form f, int places) {
  size_t rounded = up(places, PLACES), width = (size_t)f.heads * f.dim;
  size_t quads = width > f.heads * rounded ? width : f.heads * rounded;
  attend_scratch s;
  s.scores = (float *)memory;
  s.quads = (quad *)(s.scores + f.heads * rounded);
  s.mixed = (int32_t *)(s.quads + quads / 4);
  s.wanted = (uint8_t *)(s.mixed + width);
  return s;
}

/* Softmax of `count` scores to whole weights that sum to about 1 / the result; places that are
   not `wanted` get none. The weights take in the values' scales. */
static inline float weigh(float *scores, const uint8_t *wanted, int count, int rounded,
                          const uint8_t *row, form f, int head, quad *quads) {
  float largest = LOWEST, total = 0, most = 1e-30f;
  for (int t = 0; t < rounded; t++) {
    int out = t >= count || (wanted && !wanted[t]);
    scores[t] = out ? LOWEST : scores[t];
    largest = scores[t] > largest ? scores[t] : largest;
  }
  for (int b = 0; b < rounded; b += PLACES) {
    const float *scale =
        (const float *)(row + b / PLACES * block_size(f) + 2 * keys_size(f)) +
        (f.heads + head) * PLACES;
    for (int t = b; t < b + PLACES; t++) {
      float w = scores[t] > 0.5f * LOWEST ? exp_of(scores[t] - largest) : 0;
      total += w;
      w = w > 0 ? w * scale[t - b] : 0; /* behind the last place the scale is anything */
      most = w > most ? w : most;
      scores[t] = w;
    }
  }
  float times = HEAVIEST / most;
  for (int t = 0; t < rounded; t += 4) {
    int16_t four[4];
    for (int i = 0; i < 4; i++) four[i] = (int16_t)(int32_t)rintf(scores[t + i] * times);
    quads[t / 4] = positive_quad_of(four);
  }
  return most / (HEAVIEST * total);
}

/* One query over the first `count` places of a row, or of these the `wanted` ones: `out` is the
   mixture of their values, (heads x dim,). `query` comes scaled by the root of dim. */
static inline void attend(const float *query, const uint8_t *row, form f, int count,
                          const uint8_t *wanted, attend_scratch s, float *out) {
  int groups = f.dim / 4, rounded = up(count, PLACES), width = f.heads * f.dim;
  float scale[MOST_HEADS];
  int32_t shift[MOST_HEADS];
  for (int h = 0; h < f.heads; h++) {
    const float *q = query + h * f.dim;
    float largest = largest_of(q, f.dim), times = SHARPEST / largest;
    int32_t total = 0;
    for (int g = 0; g < groups; g++) {
      int16_t four[4];
      for (int i = 0; i < 4; i++) {
        four[i] = (int16_t)(int32_t)rintf(q[g * 4 + i] * times);
        total += four[i];
      }
      s.quads[h * groups + g] = quad_of(four);
    }
    scale[h] = largest / SHARPEST;
    shift[h] = 128 * total;
  }
  for (int b = 0; b < rounded; b += PLACES) {
    const uint8_t *block = row + b / PLACES * block_size(f);
    const float *key_scale = (const float *)(block + 2 * keys_size(f));
    for (int h = 0; h < f.heads; h++) {
      int32_t sums[PLACES];
      score(block + (size_t)h * f.dim * PLACES, s.quads + h * groups, groups, sums);
      for (int t = 0; t < PLACES; t++)
        s.scores[h * rounded + b + t] =
            (float)(sums[t] - shift[h]) * scale[h] * key_scale[h * PLACES + t];
    }
  }
  for (int h = 0; h < f.heads; h++)
    scale[h] = weigh(s.scores + h * rounded, wanted, count, rounded, row, f, h,
                     s.quads + h * (rounded / 4));
  memset(s.mixed, 0, sizeof(int32_t) * width);
  for (int b = 0; b < rounded; b += PLACES) {
    const uint8_t *block = row + b / PLACES * block_size(f);
    int filled = count - b < PLACES ? count - b : PLACES;
    for (int h = 0; h < f.heads; h++)
      mix((const int8_t *)block + keys_size(f) + (size_t)h * f.dim * PLACES,
          s.quads + (h * rounded + b) / 4, up(filled, 4) / 4, f.dim, s.mixed + h * f.dim);
  }
  for (int h = 0; h < f.heads; h++)
    for (int i = 0; i < f.dim; i++) out[h * f.dim + i] = s.mixed[h * f.dim + i] * scale[h];
}
