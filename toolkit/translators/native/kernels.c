/* What int8 inference needs between the matrix products, each in one pass over memory.

   Products come from oneDNN as float sums already times the weights' scales; `scale` is what is
   left, one number a row. Rows are independent of one another: a row's result never depends on
   the rows beside it. Where torch is loaded first its OpenMP runtime is shared, so that there
   is one set of threads. Plain C11, no headers of Python or torch. */

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && !defined(__clang__)
/* One build for every processor: the loader picks the widest that the machine has. */
#define EACH_CPU __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define EACH_CPU
#endif

#define LOWEST -3e38f /* instead of infinity, which -ffinite-math-only does not know */
#define WIDEST 16384 /* inputs of a layer, at most: rows are held on the stack */

/* e^x within 2e-7 relative, for x <= 0 (Cephes' polynomial); written so that loops vectorise. */
static inline float exp_of(float x) {
  x = x < -87.0f ? -87.0f : x;
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

static inline float bf16_of(uint16_t x) {
  union { uint32_t i; float f; } v = {(uint32_t)x << 16};
  return v.f;
}

static inline uint16_t to_bf16(float x) {
  union { float f; uint32_t i; } v = {x};
  return (uint16_t)((v.i + 0x7fff + ((v.i >> 16) & 1)) >> 16);
}

/* Row to int8; returns its scale. */
static inline float quantise_row(const float *x, int width, int8_t *out) {
  float largest = 1e-12f;
  for (int i = 0; i < width; i++) {
    float a = fabsf(x[i]);
    largest = a > largest ? a : largest;
  }
  float times = 127.0f / largest;
  for (int i = 0; i < width; i++) out[i] = (int8_t)(int32_t)rintf(x[i] * times);
  return largest / 127.0f;
}

EACH_CPU static void norm_row(float *x, const float *sums, float scale, const float *bias,
                              const float *gain, const float *shift, int width, int8_t *out,
                              float *out_scale, float *plain) {
  float y[WIDEST];
  float mean = 0, spread = 0;
  if (sums)
    for (int i = 0; i < width; i++) x[i] += sums[i] * scale + bias[i];
  for (int i = 0; i < width; i++) mean += x[i];
  mean /= width;
  for (int i = 0; i < width; i++) spread += (x[i] - mean) * (x[i] - mean);
  float inverse = 1.0f / sqrtf(spread / width + 1e-5f);
  for (int i = 0; i < width; i++) y[i] = (x[i] - mean) * inverse * gain[i] + shift[i];
  if (plain) memcpy(plain, y, sizeof(float) * width);
  *out_scale = quantise_row(y, width, out);
}

/* x += sums * scale + bias (where sums is given); out = quantised layer norm of x. `plain`, where
   given, gets the norm unquantised. */
void toolkit_norm(float *x, const float *sums, const float *scale, const float *bias,
                  const float *gain, const float *shift, int rows, int width, int8_t *out,
                  float *out_scale, float *plain) {
#pragma omp parallel for schedule(static)
  for (int r = 0; r < rows; r++) {
    size_t at = (size_t)r * width;
    norm_row(x + at, sums ? sums + at : NULL, sums ? scale[r] : 0, bias, gain, shift, width,
             out + at, out_scale + r, plain ? plain + at : NULL);
  }
}

EACH_CPU static float relu_row(const float *sums, float scale, const float *bias, int width,
                               int8_t *out) {
  float y[WIDEST];
  for (int i = 0; i < width; i++) {
    float v = sums[i] * scale + bias[i];
    y[i] = v > 0 ? v : 0;
  }
  return quantise_row(y, width, out);
}

/* out = quantised ReLU of sums * scale + bias. */
void toolkit_relu(const float *sums, const float *scale, const float *bias, int rows, int width,
                  int8_t *out, float *out_scale) {
#pragma omp parallel for schedule(static)
  for (int r = 0; r < rows; r++)
    out_scale[r] =
        relu_row(sums + (size_t)r * width, scale[r], bias, width, out + (size_t)r * width);
}

EACH_CPU static void bf16_row(const float *sums, float scale, const float *bias, int width,
                              uint16_t *out) {
  for (int i = 0; i < width; i++) out[i] = to_bf16(sums[i] * scale + bias[i]);
}

/* out = sums * scale + bias in bfloat16. */
void toolkit_bf16(const float *sums, const float *scale, const float *bias, int rows, int width,
                  uint16_t *out) {
#pragma omp parallel for schedule(static)
  for (int r = 0; r < rows; r++)
    bf16_row(sums + (size_t)r * width, scale[r], bias, width, out + (size_t)r * width);
}

EACH_CPU static float quantise_bf16_row(const uint16_t *x, int width, int8_t *out) {
  float y[WIDEST];
  for (int i = 0; i < width; i++) y[i] = bf16_of(x[i]);
  return quantise_row(y, width, out);
}

/* out = quantised rows of bfloat16. */
void toolkit_quantise(const uint16_t *x, int rows, int width, int8_t *out, float *out_scale) {
#pragma omp parallel for schedule(static)
  for (int r = 0; r < rows; r++)
    out_scale[r] = quantise_bf16_row(x + (size_t)r * width, width, out + (size_t)r * width);
}

EACH_CPU static void store_row(const float *sums, float scale, const float *bias, int heads,
                               int dim, int8_t *cache, float *cache_scale) {
  float y[WIDEST];
  for (int h = 0; h < heads; h++) {
    for (int i = 0; i < dim; i++) y[i] = sums[h * dim + i] * scale + bias[h * dim + i];
    cache_scale[h] = quantise_row(y, dim, cache + h * dim);
  }
}

/* Quantise keys (or values) of `rows` tokens into a cache of shape (cached rows, room, heads,
   dim), with scales of shape (cached rows, room, heads). Token r goes to row place[2r], position
   place[2r+1]. `sums` rows are `stride` apart. */
void toolkit_store(const float *sums, int stride, const float *scale, const float *bias, int rows,
                   int heads, int dim, int room, const int32_t *place, int8_t *cache,
                   float *cache_scale) {
#pragma omp parallel for schedule(static)
  for (int r = 0; r < rows; r++) {
    size_t at = ((size_t)place[2 * r] * room + place[2 * r + 1]) * heads;
    store_row(sums + (size_t)r * stride, scale[r], bias, heads, dim, cache + at * dim,
              cache_scale + at);
  }
}

/* The memory is read once from end to end, which is what the time goes into: heads are the inner
   loop, and `weights` keeps the scores of all of them, (heads, count). */
static inline void attend_heads(const float *q, const int8_t *keys, const float *key_scale,
                                const int8_t *values, const float *value_scale, int heads, int dim,
                                int count, const int32_t *chosen, float *weights, float *mixed) {
  int width = heads * dim;
  for (int t = 0; t < count; t++) {
    size_t p = chosen ? chosen[t] : t;
    const int8_t *row = keys + p * width;
    for (int h = 0; h < heads; h++) {
      float dot = 0;
      for (int i = 0; i < dim; i++) dot += q[h * dim + i] * (float)row[h * dim + i];
      weights[h * count + t] = dot * key_scale[p * heads + h];
    }
  }
  for (int h = 0; h < heads; h++) {
    float *w = weights + h * count;
    float largest = LOWEST, total = 0;
    for (int t = 0; t < count; t++) largest = w[t] > largest ? w[t] : largest;
    for (int t = 0; t < count; t++) {
      w[t] = exp_of(w[t] - largest);
      total += w[t];
    }
    for (int t = 0; t < count; t++) w[t] /= total;
  }
  memset(mixed, 0, sizeof(float) * width);
  for (int t = 0; t < count; t++) {
    size_t p = chosen ? chosen[t] : t;
    const int8_t *row = values + p * width;
    for (int h = 0; h < heads; h++) {
      float w = weights[h * count + t] * value_scale[p * heads + h];
      for (int i = 0; i < dim; i++) mixed[h * dim + i] += w * (float)row[h * dim + i];
    }
  }
}

EACH_CPU static void attend_row(const float *query, float scale, const float *bias,
                                const int8_t *keys, const float *key_scale, const int8_t *values,
                                const float *value_scale, int heads, int dim, int count,
                                const int32_t *chosen, float *weights, int8_t *out,
                                float *out_scale) {
  float q[WIDEST], mixed[WIDEST];
  float rate = 1.0f / sqrtf((float)dim);
  for (int i = 0; i < heads * dim; i++) q[i] = (query[i] * scale + bias[i]) * rate;
  if (dim == 64) /* every NLLB checkpoint; a constant lets the loops unroll */
    attend_heads(q, keys, key_scale, values, value_scale, heads, 64, count, chosen, weights, mixed);
  else
    attend_heads(q, keys, key_scale, values, value_scale, heads, dim, count, chosen, weights,
                 mixed);
  *out_scale = quantise_row(mixed, heads * dim, out);
}

/* Attention of one query for each of rows x beams over a cache as of toolkit_store; all beams of
   a row share its cache. `counts` says how many positions each row has. `chosen`, where given,
   lists the positions of each beam: shape (rows x beams, counts[0]). out: (rows x beams,
   heads x dim), quantised. `query` rows are `stride` apart. Where `fresh` is not negative, keys
   and values stand behind the queries and are kept first, those of a row's beams from position
   `fresh` on. Returns 0, or 1 if memory ran out. */
int toolkit_attend(const float *query, int stride, const float *scale, const float *bias,
                   int8_t *keys, float *key_scale, int8_t *values, float *value_scale, int rows,
                   int beams, int heads, int dim, int room, const int32_t *counts,
                   const int32_t *chosen, int fresh, int8_t *out, float *out_scale) {
  int failed = 0, width = heads * dim;
#pragma omp parallel for schedule(static)
  for (int r = 0; r < rows; r++) {
    float *weights = malloc(sizeof(float) * heads * (counts[r] + 1));
    if (!weights) {
      failed = 1;
      continue;
    }
    size_t at = (size_t)r * room * heads;
    for (int b = 0; b < beams && fresh >= 0; b++) {
      size_t n = (size_t)r * beams + b, to = at + (size_t)(fresh + b) * heads;
      const float *new = query + n * stride + width;
      store_row(new, scale[n], bias + width, heads, dim, keys + to * dim, key_scale + to);
      store_row(new + width, scale[n], bias + 2 * width, heads, dim, values + to * dim,
                value_scale + to);
    }
    for (int b = 0; b < beams; b++) {
      size_t n = (size_t)r * beams + b;
      attend_row(query + n * stride, scale[n], bias, keys + at * dim, key_scale + at,
                 values + at * dim, value_scale + at, heads, dim, counts[r],
                 chosen ? chosen + n * counts[0] : NULL, weights, out + n * heads * dim,
                 out_scale + n);
    }
    free(weights);
  }
  return failed;
}

#define BLOCK 64

EACH_CPU static void best_row(const float *sums, float scale, int width, int offset, int banned,
                              int count, float *best, int64_t *index, float *state) {
  /* state: the largest value so far, and the sum of e^(value - largest). */
  float largest = state[0], total = state[1];
  float here = LOWEST;
  for (int i = 0; i < width; i++) here = sums[i] > here ? sums[i] : here;
  here *= scale;
  if (here > largest) {
    total *= exp_of(largest - here);
    largest = here;
  }
  float added = 0;
  for (int i = 0; i < width; i++) added += exp_of(sums[i] * scale - largest);
  state[0] = largest;
  state[1] = total + added;
  for (int start = 0; start < width; start += BLOCK) {
    int stop = start + BLOCK < width ? start + BLOCK : width;
    float top = LOWEST;
    for (int i = start; i < stop; i++) top = sums[i] > top ? sums[i] : top;
    if (!(top * scale > best[count - 1])) continue;
    for (int i = start; i < stop; i++) {
      float v = sums[i] * scale;
      if (!(v > best[count - 1]) || offset + i == banned) continue;
      int at = count - 1;
      for (; at > 0 && v > best[at - 1]; at--) {
        best[at] = best[at - 1];
        index[at] = index[at - 1];
      }
      best[at] = v;
      index[at] = offset + i;
    }
  }
}

/* Merge one block of the output layer into each row's `count` best (values and indices, best
   first) and its running log-sum-exp. Begin with best = state[0] = LOWEST and state[1] = 0. */
void toolkit_best(const float *sums, const float *scale, int rows, int width, int offset,
                  int banned, int count, float *best, int64_t *index, float *state) {
#pragma omp parallel for schedule(static)
  for (int r = 0; r < rows; r++)
    best_row(sums + (size_t)r * width, scale[r], width, offset, banned, count,
             best + (size_t)r * count, index + (size_t)r * count, state + 2 * r);
}
