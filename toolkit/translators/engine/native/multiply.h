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

/* Without an instruction for it bytes are multiplied in pairs, whose sums have 16 bits: 255 times the
   sizes of the two weights must fit. */
#if WIDE || NARROW
#define PAIR_LIMIT (2 * 127)
#else
#define PAIR_LIMIT 128
#endif

int toolkit_wants_pairs(void) { return PAIR_LIMIT < 2 * 127; }

typedef struct {
  const int8_t *weights;
  int outputs, inputs;
  int8_t *packed;
  int32_t *totals;
  atomic_int exceeded; /* whether two neighbours exceed PAIR_LIMIT */
} packing;

static void pack_output(packing *p, int n) {
  int8_t *half = p->packed + (size_t)(n / 16) * 16 * p->inputs + n % 16 * 4;
  const int8_t *from = p->weights + (size_t)n * p->inputs;
  int total = 0, largest = 0;
  for (int k = 0; k < p->inputs; k += 4) {
    memcpy(half + (size_t)k * 16, from + k, 4);
    for (int i = k; i < k + 4; i++) total += from[i];
    for (int i = k; i < k + 4; i += 2) {
      int pair = abs(from[i]) + abs(from[i + 1]);
      largest = pair > largest ? pair : largest;
    }
  }
  p->totals[n] = total;
  if (largest > PAIR_LIMIT) atomic_store(&p->exceeded, 1);
}

static void pack_all(team *t, void *about) {
  packing *p = about;
  SHARE(t, block, up(p->outputs, 16) / 16)
  for (int n = block * 16; n < block * 16 + 16 && n < p->outputs; n++) pack_output(p, n);
}

/* Lay weights out for the products. Returns 1 where two neighbours exceed PAIR_LIMIT. */
int toolkit_pack(const int8_t *weights, int outputs, int inputs, int8_t *packed, int32_t *totals,
                 int threads) {
  packing p = {weights, outputs, inputs, packed, totals, 0};
  together(threads, pack_all, &p);
  return atomic_load(&p.exceeded);
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
#define POSITIVE_LANES LANES

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

#define LANES 6          /* rows at once: 12 sums stay in registers */
#define POSITIVE_LANES 4 /* rows without a sign at once */

#if !NARROW
static const __v16hi ONES = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
#endif

typedef struct {
  uint8_t all[4];
} four;

/* Add the products of 4 numbers of a row with 4 x 16 weights to 16 sums. */
static inline void add_products(__m256i sums[2], const whole *row, const __m256i weights[2]) {
  /* In assembler, since compilers copy the sums from one register to another. */
#if NARROW
  __m256i x;
  __asm__("vpbroadcastd %3, %2\n\t"
          "%{vex%} vpdpbusd %4, %2, %0\n\t"
          "%{vex%} vpdpbusd %5, %2, %1"
          : "+x"(sums[0]), "+x"(sums[1]), "=&x"(x)
          : "m"(*(const four *)row), "x"(weights[0]), "x"(weights[1]));
#else
  /* No pair saturates: see PAIR_LIMIT. */
  __m256i x, y;
  __asm__("vpbroadcastd %4, %2\n\t"
          "vpmaddubsw %5, %2, %3\n\t"
          "vpmaddubsw %6, %2, %2\n\t"
          "vpmaddwd %7, %3, %3\n\t"
          "vpmaddwd %7, %2, %2\n\t"
          "vpaddd %3, %0, %0\n\t"
          "vpaddd %2, %1, %1"
          : "+x"(sums[0]), "+x"(sums[1]), "=&x"(x), "=&x"(y)
          : "m"(*(const four *)row), "x"(weights[0]), "x"(weights[1]), "m"(ONES));
#endif
}

/* The same for 8 numbers without a sign, at most 127, and 8 x 16 weights. Two pairs are summed in 16
   bits: 127 times twice PAIR_LIMIT fits. */
static inline void add_positive(__m256i sums[2], const whole *row, const __m256i weights[4]) {
#if NARROW
  add_products(sums, row, weights);
  add_products(sums, row + 4, weights + 2);
#else
  __m256i x, y, z, w;
  __asm__("vpbroadcastd %6, %2\n\t"
          "vpbroadcastd %7, %3\n\t"
          "vpmaddubsw %8, %2, %4\n\t"
          "vpmaddubsw %9, %2, %2\n\t"
          "vpmaddubsw %10, %3, %5\n\t"
          "vpmaddubsw %11, %3, %3\n\t"
          "vpaddw %5, %4, %4\n\t"
          "vpaddw %3, %2, %2\n\t"
          "vpmaddwd %12, %4, %4\n\t"
          "vpmaddwd %12, %2, %2\n\t"
          "vpaddd %4, %0, %0\n\t"
          "vpaddd %2, %1, %1"
          : "+x"(sums[0]), "+x"(sums[1]), "=&x"(x), "=&x"(y), "=&x"(z), "=&x"(w)
          : "m"(*(const four *)row), "m"(*(const four *)(row + 4)), "x"(weights[0]),
            "x"(weights[1]), "x"(weights[2]), "x"(weights[3]), "m"(ONES));
#endif
}

static inline __attribute__((always_inline)) void multiply_half(const whole *rows, int lanes,
                                                                int positive, int inputs,
                                                                const int8_t *weights,
                                                                int32_t *sums) {
  __m256i found[LANES][2], four_by_16[4];
  int step = positive ? 8 : 4;
  for (int r = 0; r < lanes; r++) found[r][0] = found[r][1] = _mm256_setzero_si256();
  for (int k = 0; k < inputs; k += DEEP, rows += TALL * DEEP)
#pragma GCC unroll 1
    for (int i = 0; i < DEEP; i += step) {
      const __m256i *at = (const __m256i *)(weights + (size_t)(k + i) * 16);
      for (int j = 0; j < step / 2; j++) four_by_16[j] = _mm256_loadu_si256(at + j);
#pragma GCC unroll 8
      for (int r = 0; r < lanes; r++)
        if (positive)
          add_positive(found[r], rows + r * DEEP + i, four_by_16);
        else
          add_products(found[r], rows + r * DEEP + i, four_by_16);
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
    const int lanes = positive ? POSITIVE_LANES : LANES;
    for (; r + lanes <= here; r += lanes)
      multiply_lanes(rows + r * DEEP, lanes, positive, inputs, weights, to + r * PANEL);
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
    shift[i] = shift_of(rows) * layer->totals[panel * PANEL + i];
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

#define NEAR_ROWS 240 /* rows that stay in a processor's own cache while panels pass */

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
