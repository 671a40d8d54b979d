/* The kernels against plain loops over whole numbers and doubles, on random sizes. It is built with
   the sanitisers of addresses and of undefined behaviour (see test_native.py): every buffer has
   exactly the size that the kernels ask for. Prints what is wrong and returns 1. */

#include <stdio.h>

#include "network.c"

static uint64_t state;

static uint32_t chance(uint32_t below) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(state >> 33) % below;
}

static float uniform(void) { return (float)chance(1 << 20) / (1 << 19) - 1; }

#define CHECK(truth, ...)                        \
  do {                                           \
    if (!(truth)) {                              \
      printf(__VA_ARGS__);                       \
      printf(" (line %d)\n", __LINE__);          \
      exit(1);                                   \
    }                                            \
  } while (0)

static void *make(size_t bytes) {
  void *memory = malloc(bytes ? bytes : 1);
  CHECK(memory, "no memory");
  return memory;
}

static int8_t within(int other, int most) { return (int8_t)(other < 0 ? -most : most); }

/* Small weights, or the largest that the products take, for outputs x inputs; `plain` keeps them
   unpacked. */
static dense make_dense(int outputs, int inputs, int8_t **plain) {
  int8_t *weights = make((size_t)outputs * inputs), *packed = make((size_t)outputs * inputs);
  int32_t *totals = make(sizeof(int32_t) * outputs);
  float *scale = make(sizeof(float) * outputs), *bias = make(sizeof(float) * outputs);
  int extreme = chance(3) == 0;
  for (int i = 0; i < outputs * inputs; i++)
    weights[i] = (int8_t)(extreme ? 127 - 254 * (int)chance(2) : (int)chance(255) - 127);
  for (int i = 0; i < outputs * inputs; i += 2) {
    int size = abs(weights[i]) > PAIR_LIMIT / 2 && chance(2) ? PAIR_LIMIT / 2 : abs(weights[i]);
    weights[i] = within(weights[i], size);
    if (abs(weights[i + 1]) > PAIR_LIMIT - size)
      weights[i + 1] = within(weights[i + 1], PAIR_LIMIT - size);
  }
  for (int i = 0; i < outputs; i++) {
    scale[i] = (1 + (float)chance(100)) / 2e4f / sqrtf((float)inputs);
    bias[i] = uniform();
  }
  CHECK(!toolkit_pack(weights, outputs, inputs, packed, totals, 2), "a pair is too large");
  *plain = weights;
  return (dense){packed, totals, scale, bias, inputs, outputs};
}

static void drop_dense(dense d, int8_t *plain) {
  free(plain);
  free((void *)d.weights);
  free((void *)d.totals);
  free((void *)d.scale);
  free((void *)d.bias);
}

/* The sums of all panels with blocks of `rows`, to the bit. */
static void check_sums(packed_rows packed, int rows, const float *x, const float *factor,
                       const dense *d, const int8_t *plain) {
  int32_t sums[2 * TALL * PANEL] __attribute__((aligned(64)));
  int inputs = d->inputs;
  for (int first = 0; first < rows; first += 2 * TALL)
    for (int n = 0; n < d->outputs; n++) {
      int here = rows - first < 2 * TALL ? rows - first : 2 * TALL;
      if (n % PANEL == 0) {
        shape_tiles(here);
        multiply(from_row(packed, first).data, here, packed.positive, inputs,
                 d->weights + (size_t)n * inputs, sums);
      }
      for (int r = 0; r < here; r++) {
        int32_t found = sums[r * PANEL + n % PANEL] - shift_of(packed) * d->totals[n], wanted = 0;
        for (int i = 0; i < inputs; i++)
          wanted += (int)rintf(x[(size_t)(first + r) * inputs + i] / factor[first + r]) *
                    plain[(size_t)n * inputs + i];
        CHECK(found == wanted, "row %d, output %d, %d inputs: sum %d, not %d", first + r, n, inputs,
              found, wanted);
      }
    }
  release_tiles();
}

typedef struct {
  const dense *d;
  packed_rows packed;
  int rows;
  void *out;
  into how;
} product;

static void multiply_together(team *t, void *about) {
  product *p = about;
  int outputs = p->d->outputs;
  if (p->how == WRITE) {
    SHARE(t, panel, outputs / PANEL)
    multiply_panel(p->d, panel, p->packed, p->rows, (float *)p->out + panel * PANEL, outputs, WRITE);
  } else {
    multiply_all(t, p->d, p->packed, p->rows, p->out, outputs, p->how);
  }
  release_tiles();
}

/* `rows` rows of whole numbers up to 127, a power of two apart, so that packing is exact. */
static void check_products(int rows, int inputs, int outputs, into how, int threads) {
  int8_t *plain;
  dense d = make_dense(outputs, inputs, &plain);
  int positive = how != BRIEF && chance(2);
  float *x = make(sizeof(float) * rows * inputs), *factor = make(sizeof(float) * rows);
  packed_rows packed = {make(sizeof(whole) * up(rows, 2 * TALL) * inputs),
                        make(sizeof(float) * up(rows, 2 * TALL)), inputs, positive};
  for (int r = 0; r < rows; r++) {
    int extreme = chance(3) == 0;
    factor[r] = ldexpf(1, (int)chance(20) - 10);
    for (int i = 0; i < inputs; i++) {
      int v = i == 0 ? 127 : extreme ? 127 - 254 * (int)chance(2) : (int)chance(255) - 127;
      x[(size_t)r * inputs + i] = (float)(positive ? abs(v) : v) * factor[r];
    }
    pack_row(packed, r, x + (size_t)r * inputs);
  }
  check_sums(packed, rows, x, factor, &d, plain);
  size_t size = (how == WRITE || how == ADD) ? sizeof(float) : sizeof(bf16);
  void *out = make(size * rows * outputs);
  memset(out, 0, size * rows * outputs);
  together(threads, multiply_together, &(product){&d, packed, rows, out, how});
  for (int r = 0; r < rows; r++)
    for (int n = 0; n < outputs; n++) {
      int64_t sum = 0;
      for (int i = 0; i < inputs; i++)
        sum += (int64_t)rintf(x[r * inputs + i] / factor[r]) * plain[n * inputs + i];
      double wanted = (double)sum * factor[r] * d.scale[n], found, near = 1e-6;
      double size_of = fabs(wanted) + fabs(d.bias[n]) + 1e-30;
      wanted += d.bias[n];
      if (how == RELU && wanted < 0) wanted = 0;
      size_t at = (size_t)r * outputs + n;
      if (size == sizeof(float)) {
        found = ((float *)out)[at];
      } else {
        float wide;
        lengthen((bf16 *)out + at, 1, &wide);
        found = wide;
        near = 1.0 / 256;
      }
      CHECK(fabs(found - wanted) <= near * size_of,
            "row %d of %d, output %d, %d inputs, into %d: %g, not %g", r, rows, n, inputs, how,
            found, wanted);
    }
  free(out);
  free(packed.data);
  free(packed.scale);
  free(x);
  free(factor);
  drop_dense(d, plain);
}

static void check_attention(int heads, int dim, int count, int masked) {
  form f = {heads, dim};
  int width = heads * dim;
  uint8_t *cache = make(toolkit_cache_size(heads, dim, count));
  float *both = make(sizeof(float) * count * 2 * width), *query = make(sizeof(float) * width);
  float *out = make(sizeof(float) * width);
  uint8_t *scratch = aligned_alloc(64, attend_scratch_size(f, count));
  attend_scratch s = attend_scratch_at(scratch, f, count);
  uint8_t *wanted = s.wanted;
  memset(wanted, 0, up(count, POSITIONS));
  for (int i = 0; i < width; i++) query[i] = 2 * uniform() / sqrtf((float)dim);
  for (int t = 0; t < count; t++) {
    wanted[t] = t == 0 || chance(2);
    for (int i = 0; i < 2 * width; i++) both[t * 2 * width + i] = uniform();
    keep(cache, f, t, both + t * 2 * width, both + t * 2 * width + width);
  }
  attend(query, cache, f, count, masked ? wanted : NULL, s, out);
  for (int h = 0; h < heads; h++) {
    double total = 0, mixed[MOST_DIM] = {0};
    for (int t = 0; t < count; t++) {
      if (masked && !wanted[t]) continue;
      const float *key = both + t * 2 * width + h * dim, *value = key + width;
      double score = 0, key_unit = largest_of(key, dim) / 127, unit = largest_of(value, dim) / 127;
      for (int i = 0; i < dim; i++)
        score += query[h * dim + i] * rint(key[i] / key_unit) * key_unit;
      double weight = exp(score);
      total += weight;
      for (int i = 0; i < dim; i++) mixed[i] += weight * rint(value[i] / unit) * unit;
    }
    for (int i = 0; i < dim; i++)
      CHECK(fabs(out[h * dim + i] - mixed[i] / total) < 1e-3,
            "attention, %d heads of %d, %d positions: %g, not %g", heads, dim, count,
            (double)out[h * dim + i], mixed[i] / total);
  }
  free(cache);
  free(both);
  free(query);
  free(out);
  free(scratch);
}

static void check_ranking(int width, int count) {
  float *logits = make(sizeof(float) * width), *best = make(sizeof(float) * count), sums[2];
  int32_t *index = make(sizeof(int32_t) * count);
  ranking r = {.count = count, .banned = 1000 + (int)chance(width)};
  double total = 0;
  for (int i = 0; i < width; i++) total += exp(logits[i] = 10 * uniform());
  rank_row(logits, width, 1000, &r, best, index, sums);
  CHECK(fabs(log(sums[1]) + sums[0] - log(total)) < 1e-5, "the sum of %d logits", width);
  for (int i = 0; i < count; i++) {
    int larger = 0;
    for (int j = 0; j < width; j++) larger += logits[j] > best[i] && 1000 + j != r.banned;
    CHECK(larger <= i && logits[index[i] - 1000] == best[i] && index[i] != r.banned,
          "place %d of %d", i, width);
  }
  free(logits);
  free(best);
  free(index);
}

static float *floats(int count, float shift) {
  float *found = make(sizeof(float) * count);
  for (int i = 0; i < count; i++) found[i] = shift + uniform() / 4;
  return found;
}

static norm make_norm(int width) { return (norm){floats(width, 1), floats(width, 0)}; }

static dense layer_of(int outputs, int inputs) {
  int8_t *plain;
  dense d = make_dense(outputs, inputs, &plain);
  free(plain);
  return d;
}

/* The whole network, all buffers of the sizes that fused.py gives them: with any number of threads
   the same scores, which are log-probabilities in falling order. */
static void check_network(int heads, int dim, int inner, int tokens, int sequences, int beams) {
  enum { LAYERS = 2, STEPS = 3, BEST = 4 };
  int width = heads * dim, starts[9] = {0}, longest = 0;
  layer layers[LAYERS];
  for (int i = 0; i < LAYERS; i++) {
    dense self_qkv = layer_of(3 * width, width), self_out = layer_of(width, width);
    dense cross_query = layer_of(width, width), cross_out = layer_of(width, width);
    layers[i] = (layer){make_norm(width), make_norm(width), make_norm(width), self_qkv, self_out,
                        cross_query, cross_out, layer_of(2 * width, width), layer_of(inner, width),
                        layer_of(width, inner)};
  }
  dense output = layer_of(up(tokens, PANEL), width);
  network net = {layers, layers, make_norm(width), make_norm(width), output, LAYERS, LAYERS, width,
                 inner, heads, tokens};
  int32_t lengths[8], slots[8], ancestors[8 * 4 * STEPS];
  for (int i = 0; i < sequences; i++) {
    lengths[i] = 1 + (int)chance(40);
    slots[i] = i;
    starts[i + 1] = starts[i] + lengths[i];
    longest = lengths[i] > longest ? lengths[i] : longest;
  }
  float *x = floats(starts[sequences] * width, 0), *y = floats(sequences * beams * width, 0);
  int all = sequences * beams;
  float *scores[2] = {make(sizeof(float) * all * BEST), make(sizeof(float) * all * BEST)};
  int64_t *found = make(sizeof(int64_t) * all * BEST);
  for (int again = 0; again < 2; again++) {
    cohort c = {make(LAYERS * sequences * toolkit_cache_size(heads, dim, STEPS * beams)),
                make(LAYERS * sequences * toolkit_cache_size(heads, dim, longest)),
                slots, lengths, NULL, sequences, sequences, STEPS * beams, longest, beams, 0};
    float *states = make(sizeof(float) * starts[sequences] * width);
    float *written = make(sizeof(float) * all * width);
    memcpy(states, x, sizeof(float) * starts[sequences] * width);
    CHECK(!toolkit_encode(&net, states, starts, sequences, &c, 1 + 2 * again), "no memory");
    for (; c.step < STEPS; c.step++) {
      for (int i = 0; beams > 1 && i < all * (c.step + 1); i++)
        ancestors[i] = i % (c.step + 1) * beams + i / (c.step + 1) % beams;
      if (beams > 1) c.ancestors = ancestors;
      memcpy(written, y, sizeof(float) * all * width);
      int failed = toolkit_step(&net, written, &c, 1, BEST, 2, scores[again], found, 1 + 2 * again);
      CHECK(!failed, "no memory");
    }
    free(c.output);
    free(c.source);
    free(states);
    free(written);
  }
  for (int i = 0; i < all * BEST; i++) {
    float one = scores[0][i], other = scores[1][i];
    CHECK(one == other, "threads change score %d: %g, %g", i, (double)one, (double)other);
    CHECK(one <= 0 && one > LOWEST / 2, "score %d is %g", i, (double)one);
    CHECK(i % BEST == 0 || one <= scores[0][i - 1], "score %d is out of order", i);
    CHECK(found[i] >= 0 && found[i] < tokens && found[i] != 2, "token %ld", (long)found[i]);
  }
}

int main(int count, char **words) {
  CHECK(toolkit_ready(), "not such a processor");
  state = count > 1 ? strtoull(words[1], NULL, 10) : 1;
  for (int i = -6000; i <= 0; i++) {
    float x = (float)i / 100;
    CHECK(fabs(exp_of(x) / exp(x) - 1) < 3e-6, "e^%g", (double)x);
  }
  for (int round = 0; round < 60; round++) {
    int inputs = DEEP * (1 + (int)chance(5)), outputs = PANEL * (1 + (int)chance(4));
    check_products(1 + chance(70), inputs, outputs, round % 4, 1 + chance(3));
    check_attention(1 + chance(8), 16 * (1 + chance(6)), 1 + chance(70), chance(2));
    check_ranking(40 + chance(500), 1 + chance(9));
    if (round % 6 == 0)
      check_network(1 + round / 12, 64, DEEP * (1 + chance(3)), 40 + chance(1200), 1 + chance(8),
                    1 + round / 6 % 4);
  }
  int8_t large[DEEP] = {-127, (int8_t)-(PAIR_LIMIT - 126)}, packed[16 * DEEP];
  CHECK(toolkit_pack(large, 1, DEEP, packed, &(int32_t){0}, 1), "a pair too large was taken");
  check_products(2, 8192, PANEL, WRITE, 1);
  check_products(600, DEEP, PANEL, ADD, 2);
  check_attention(MOST_HEADS, 16, 40, 0);
  check_attention(1, MOST_DIM, 2000, 1);
  return 0;
}
