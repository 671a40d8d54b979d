/* Products of whole numbers: rows times the weights of a linear layer, summed exactly, so that a
   row's result depends neither on the rows beside it nor on which of the ways below is compiled. */

#pragma once

#include "common.h"

/* A linear layer. `weights` are packed by `toolkit_pack`: for each PANEL of outputs two halves of
   16; in each, for every DEEP inputs, 16 groups of 4 inputs x 16 outputs x 4. */
typedef struct {
  const int8_t *weights;
  const int32_t *totals; /* of each output's weights */
  const float *scale;    /* of each output */
  const float *bias;
  int inputs;
  int outputs; /* a multiple of PANEL; the last ones may be zero */
} dense;

void toolkit_pack(const int8_t *weights, int outputs, int inputs, int8_t *packed, int32_t *totals) {
#pragma omp parallel for schedule(static)
  for (int n = 0; n < outputs; n++) {
    int8_t *half = packed + (size_t)(n / 16) * 16 * inputs + n % 16 * 4;
    const int8_t *from = weights + (size_t)n * inputs;
    int32_t total = 0;
    for (int k = 0; k < inputs; k += 4) {
      memcpy(half + (size_t)k * 16, from + k, 4);
      total += from[k] + from[k + 1] + from[k + 2] + from[k + 3];
    }
    totals[n] = total;
  }
}

#if TILES

typedef struct {
  uint8_t palette, start, reserved[14];
  uint16_t row_bytes[16];
  uint8_t rows[16];
} tile_shapes;

/* Tiles 0 to 3 are sums, 4 and 5 rows, 6 and 7 weights. */
static inline void shape_tiles(int rows) {
  tile_shapes shapes = {.palette = 1};
  int first = rows < 16 ? rows : 16, second = rows > 16 ? rows - 16 : 16;
  for (int i = 0; i < 8; i++) shapes.row_bytes[i] = 64;
  shapes.rows[0] = shapes.rows[1] = shapes.rows[4] = first;
  shapes.rows[2] = shapes.rows[3] = shapes.rows[5] = second;
  shapes.rows[6] = shapes.rows[7] = 16;
  /* Not _tile_loadconfig: in some versions of gcc it names 8 of the 64 bytes that it reads. */
  __asm__ volatile("ldtilecfg %0" ::"m"(shapes));
}

static inline void release_tiles(void) { _tile_release(); }

static inline void multiply(const whole *rows, int count, int positive, int inputs,
                            const int8_t *weights, int32_t *sums) {
  (void)positive;
  const int8_t *other = weights + (size_t)16 * inputs;
  const whole *below = rows + (size_t)TALL * inputs;
  int steps = inputs / DEEP;
  _tile_zero(0);
  _tile_zero(1);
  if (count <= TALL) {
    for (int k = 0; k < steps; k++) {
      _tile_loadd(4, rows + k * 1024, 64);
      _tile_loadd(6, weights + k * 1024, 64);
      _tile_dpbssd(0, 4, 6);
      _tile_loadd(7, other + k * 1024, 64);
      _tile_dpbssd(1, 4, 7);
    }
  } else {
    _tile_zero(2);
    _tile_zero(3);
    for (int k = 0; k < steps; k++) {
      _tile_loadd(4, rows + k * 1024, 64);
      _tile_loadd(6, weights + k * 1024, 64);
      _tile_dpbssd(0, 4, 6);
      _tile_loadd(7, other + k * 1024, 64);
      _tile_dpbssd(1, 4, 7);
      _tile_loadd(5, below + k * 1024, 64);
      _tile_dpbssd(2, 5, 6);
      _tile_dpbssd(3, 5, 7);
    }
    _tile_stored(2, sums + 16 * PANEL, PANEL * 4);
    _tile_stored(3, sums + 16 * PANEL + 16, PANEL * 4);
  }
  _tile_stored(0, sums, PANEL * 4);
  _tile_stored(1, sums + 16, PANEL * 4);
}

#elif WIDE

static inline void shape_tiles(int rows) { (void)rows; }
static inline void release_tiles(void) {}

#define LANES 8 /* rows at once: 16 sums stay in registers */

static inline __attribute__((always_inline)) void multiply_lanes(const whole *rows, int lanes,
                                                                 int positive, int inputs,
                                                                 const int8_t *weights,
                                                                 int32_t *sums) {
  (void)positive;
  const int8_t *other = weights + (size_t)16 * inputs;
  __m512i left[LANES], right[LANES];
  for (int r = 0; r < lanes; r++) left[r] = right[r] = _mm512_setzero_si512();
  for (int k = 0; k < inputs; k += DEEP, rows += TALL * DEEP)
    for (int i = 0; i < DEEP; i += 4) {
      __m512i a = _mm512_loadu_si512(weights + (size_t)(k + i) * 16);
      __m512i b = _mm512_loadu_si512(other + (size_t)(k + i) * 16);
      for (int r = 0; r < lanes; r++) {
        int32_t four;
        memcpy(&four, rows + r * DEEP + i, 4);
        __m512i x = _mm512_set1_epi32(four);
        left[r] = _mm512_dpbusd_epi32(left[r], x, a);
        right[r] = _mm512_dpbusd_epi32(right[r], x, b);
      }
    }
  for (int r = 0; r < lanes; r++) {
    _mm512_storeu_si512(sums + r * PANEL, left[r]);
    _mm512_storeu_si512(sums + r * PANEL + 16, right[r]);
  }
}

#else

static inline void shape_tiles(int rows) { (void)rows; }
static inline void release_tiles(void) {}

#define LANES 4 /* rows at once: 8 sums stay in registers */

/* Bytes are multiplied in pairs, one side unsigned: so the signs of the rows go to the weights. No
   pair exceeds 2 x 127 x 127, which fits 16 bits. */
static inline __attribute__((always_inline)) void multiply_half(const whole *rows, int lanes,
                                                                int positive, int inputs,
                                                                const int8_t *weights,
                                                                int32_t *sums) {
  __m256i found[LANES][2], ones = _mm256_set1_epi16(1);
  for (int r = 0; r < lanes; r++) found[r][0] = found[r][1] = _mm256_setzero_si256();
  for (int k = 0; k < inputs; k += DEEP, rows += TALL * DEEP)
    for (int i = 0; i < DEEP; i += 4) {
      const int8_t *at = weights + (size_t)(k + i) * 16;
      __m256i left = _mm256_loadu_si256((const __m256i *)at);
      __m256i right = _mm256_loadu_si256((const __m256i *)(at + 32));
      for (int r = 0; r < lanes; r++) {
        const int8_t *its = (const int8_t *)(rows + r * DEEP) + i;
        int32_t plain, size;
        memcpy(&plain, its, 4);
        memcpy(&size, its + DEEP, 4);
        __m256i x = _mm256_set1_epi32(plain), y = _mm256_set1_epi32(size);
        __m256i a = positive ? left : _mm256_sign_epi8(left, x);
        __m256i b = positive ? right : _mm256_sign_epi8(right, x);
        a = _mm256_madd_epi16(_mm256_maddubs_epi16(y, a), ones);
        b = _mm256_madd_epi16(_mm256_maddubs_epi16(y, b), ones);
        found[r][0] = _mm256_add_epi32(found[r][0], a);
        found[r][1] = _mm256_add_epi32(found[r][1], b);
      }
    }
  for (int r = 0; r < lanes; r++)
    for (int j = 0; j < 2; j++)
      _mm256_storeu_si256((__m256i *)(sums + r * PANEL + 8 * j), found[r][j]);
}

static inline __attribute__((always_inline)) void multiply_lanes(const whole *rows, int lanes,
                                                                 int positive, int inputs,
                                                                 const int8_t *weights,
                                                                 int32_t *sums) {
  multiply_half(rows, lanes, positive, inputs, weights, sums);
  multiply_half(rows, lanes, positive, inputs, weights + (size_t)16 * inputs, sums + 16);
}

#endif

#if !TILES

/* `count` rows of a packed matrix, from a multiple of TALL on, at most 2 x TALL, with one panel:
   sums of shape (count, PANEL). */
static inline __attribute__((always_inline)) void multiply_rows(const whole *rows, int count,
                                                                int positive, int inputs,
                                                                const int8_t *weights,
                                                                int32_t *sums) {
  for (int block = 0; block < count; block += TALL, rows += (size_t)TALL * inputs) {
    int here = count - block < TALL ? count - block : TALL, r = 0;
    int32_t *to = sums + block * PANEL;
    for (; r + LANES <= here; r += LANES)
      multiply_lanes(rows + r * DEEP, LANES, positive, inputs, weights, to + r * PANEL);
    for (; r < here; r++)
      multiply_lanes(rows + r * DEEP, 1, positive, inputs, weights, to + r * PANEL);
  }
}

static void multiply(const whole *rows, int count, int positive, int inputs, const int8_t *weights,
                     int32_t *sums) {
  if (positive)
    multiply_rows(rows, count, 1, inputs, weights, sums);
  else
    multiply_rows(rows, count, 0, inputs, weights, sums);
}

#endif

/* Write floats, add to floats, write bf16, or write it after ReLU. */
typedef enum { WRITE, ADD, BRIEF, RELU } into;

/* One panel of a layer for all rows: `out`, rows `stride` apart, at the panel's first output. */
static inline void multiply_panel(const dense *layer, int panel, packed_rows rows, int count,
                                  void *out, int stride, into how) {
  int32_t sums[2 * TALL * PANEL] __attribute__((aligned(64)));
  float scale[PANEL], bias[PANEL];
  int32_t shift[PANEL];
  const int8_t *weights = layer->weights + (size_t)panel * PANEL * layer->inputs;
  for (int i = 0; i < PANEL; i++) {
    scale[i] = layer->scale[panel * PANEL + i];
    bias[i] = layer->bias ? layer->bias[panel * PANEL + i] : 0;
    shift[i] = SHIFT * layer->totals[panel * PANEL + i];
  }
  for (int block = 0; block < count; block += 2 * TALL) {
    int here = count - block < 2 * TALL ? count - block : 2 * TALL;
    if (block == 0 || here < 2 * TALL) shape_tiles(here);
    multiply(rows.data + (size_t)block * layer->inputs, here, rows.positive, layer->inputs, weights,
             sums);
    for (int r = 0; r < here; r++) {
      float *to = (float *)out + (size_t)(block + r) * stride, its = rows.scale[block + r];
      bf16 *brief = (bf16 *)out + (size_t)(block + r) * stride;
      for (int i = 0; i < PANEL; i++) {
        float y = (float)(sums[r * PANEL + i] - shift[i]) * (its * scale[i]) + bias[i];
        if (how == RELU) y = y > 0 ? y : 0;
        if (how == WRITE) to[i] = y;
        if (how == ADD) to[i] += y;
        if (how == BRIEF || how == RELU) brief[i] = shorten(y);
      }
    }
  }
}

#define NEAR_ROWS 256 /* rows that stay in a processor's own cache while panels pass */

/* A whole layer for `count` rows, shared out by panels; not to WRITE. */
static inline void multiply_all(team *t, const dense *layer, packed_rows rows, int count, void *out,
                                int stride, into how) {
  int panels = layer->outputs / PANEL, items = up(count, NEAR_ROWS) / NEAR_ROWS * panels;
  SHARE(t, item, items) {
    int start = item / panels * NEAR_ROWS, panel = item % panels;
    int here = count - start < NEAR_ROWS ? count - start : NEAR_ROWS;
    size_t size = how == ADD ? sizeof(float) : sizeof(bf16);
    size_t at = ((size_t)start * stride + panel * PANEL) * size;
    multiply_panel(layer, panel, from_row(rows, start), here, (uint8_t *)out + at, stride, how);
  }
  meet(t);
}
