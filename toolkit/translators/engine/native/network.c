/* NLLB (M2M100) in 8 bits on a processor: the whole encoder in one call, and the whole of a
   decoding step, with one team of threads from end to end. Sequences do not depend on each other.

   C11 with POSIX threads and x86's vector instructions, no headers of Python or torch. */

#include "attend.h"
#include "multiply.h"

#if TILES
#include <sys/syscall.h>
#include <unistd.h>
#endif

#define CHUNK 512 /* tokens of the output layer that are looked through at once */

typedef struct {
  const float *gain, *shift;
} norm;

typedef struct {
  norm self_norm, cross_norm, feed_norm;
  dense self_qkv, self_out, cross_query, cross_out, cross_kv, inner, outer;
} layer;

typedef struct {
  const layer *encoder, *decoder;
  norm encoder_norm, decoder_norm;
  dense output;
  int encoder_layers, decoder_layers, width, inner, heads, tokens;
} network;

/* The KV cache of sequences that were encoded together, with room for `capacity` of them; see
   `block_size`. `slots` says where each of them is, `lengths` how long its source is. `ancestors`,
   where there are beams, lists for each beam which of the `step + 1` x `beams` positions of the
   output it descends from. */
typedef struct {
  uint8_t *output, *source;
  const int32_t *slots, *lengths, *ancestors;
  int sequences, capacity, output_positions, source_positions, beams, step;
} cohort;

/* Asks the kernel for the tiles where they are used; returns whether this can run here. */
int toolkit_ready(void) {
#if TILES
  return syscall(SYS_arch_prctl, 0x1023 /* ARCH_REQ_XCOMP_PERM */, 18 /* tile data */) == 0;
#else
  return 1;
#endif
}

/* Sizes of structures and limits, on which the caller must agree. */
void toolkit_layout(int *found) {
  int all[] = {sizeof(norm), sizeof(dense), sizeof(layer), sizeof(network), sizeof(cohort),
               DEEP,         PANEL,         POSITIONS,     MOST_HEADS,      MOST_DIM};
  memcpy(found, all, sizeof(all));
}

size_t toolkit_cache_size(int heads, int dim, int positions) {
  return block_size((form){heads, dim}) * (up(positions, POSITIONS) / POSITIONS);
}

/* Memory that is handed out part by part. */
typedef struct {
  uint8_t *at;
} arena;

static void *take(arena *a, size_t bytes) {
  void *here = a->at;
  a->at += (bytes + 63) / 64 * 64;
  return here;
}

static packed_rows take_rows(arena *a, int rows, int inputs) {
  packed_rows p;
  p.data = take(a, sizeof(whole) * up(rows, 2 * TALL) * inputs);
  p.scale = take(a, sizeof(float) * up(rows, 2 * TALL));
  p.inputs = inputs;
  p.positive = 0;
  return p;
}

/* Layer normalisation of a row, packed to be multiplied. */
static void norm_row(const float *x, norm n, float *y, packed_rows to, int row) {
  int width = to.inputs;
  float mean = 0, spread = 0;
  for (int i = 0; i < width; i++) mean += x[i];
  mean /= width;
  for (int i = 0; i < width; i++) spread += (x[i] - mean) * (x[i] - mean);
  float inverse = 1.0f / sqrtf(spread / width + 1e-5f);
  for (int i = 0; i < width; i++) y[i] = (x[i] - mean) * inverse * n.gain[i] + n.shift[i];
  pack_row(to, row, y);
}

static void norm_all(team *t, const float *x, norm n, float *y, packed_rows to, int count) {
  int blocks = up(count, 8) / 8;
  SHARE(t, block, blocks)
  for (int row = block * 8; row < block * 8 + 8 && row < count; row++)
    norm_row(x + (size_t)row * to.inputs, n, y, to, row);
  meet(t);
}

/* The memory that a call works in. `wide` and `packed_wide` hold up to `tall` rows. */
typedef struct {
  const network *net;
  form f;
  int count, tall, positions, row;
  bf16 *mixed, *wide;
  packed_rows states, attended, packed_wide;
  uint8_t *scratch; /* of each thread: `row` floats, and an attend_scratch */
  size_t scratch_size;
} work;

#define INNER_ROWS 240 /* rows of the inner layer of a feed-forward layer that exist at once */

static size_t plan(work *w, arena *a, const network *net, int count, int positions,
                   size_t cache_size, int threads) {
  uint8_t *start = a->at;
  w->net = net;
  w->f = (form){net->heads, net->width / net->heads};
  w->count = count;
  w->positions = positions;
  w->tall = count < INNER_ROWS ? count : INNER_ROWS;
  w->mixed = take(a, sizeof(bf16) * count * 3 * net->width);
  w->wide = take(a, sizeof(bf16) * w->tall * net->inner);
  w->states = take_rows(a, count, net->width);
  w->attended = take_rows(a, count, net->width);
  w->packed_wide = take_rows(a, w->tall, net->inner);
  w->packed_wide.positive = 1;
  w->row = 3 * net->width > net->inner ? 3 * net->width : net->inner;
  w->scratch_size = sizeof(float) * w->row + attend_scratch_size(w->f, positions) + cache_size;
  w->scratch_size = (w->scratch_size + 4095) / 4096 * 4096;
  w->scratch = take(a, w->scratch_size * threads);
  return a->at - start;
}

static float *row_scratch(const work *w) {
  return (float *)(w->scratch + w->scratch_size * thread_number);
}

static attend_scratch attending(const work *w) {
  return attend_scratch_at((uint8_t *)(row_scratch(w) + w->row), w->f, w->positions);
}

static void feed_forward(team *t, const work *w, const layer *l, float *x) {
  int width = w->net->width;
  norm_all(t, x, l->feed_norm, row_scratch(w), w->states, w->count);
  for (int start = 0; start < w->count; start += w->tall) {
    int here = w->count - start < w->tall ? w->count - start : w->tall;
    multiply_all(t, &l->inner, from_row(w->states, start), here, w->wide, w->net->inner, RELU);
    SHARE(t, row, here) {
      lengthen(w->wide + (size_t)row * w->net->inner, w->net->inner, row_scratch(w));
      pack_row(w->packed_wide, row, row_scratch(w));
    }
    meet(t);
    multiply_all(t, &l->outer, w->packed_wide, here, x + (size_t)start * width, width, ADD);
  }
}

/* Keep a position's key and value, which stand side by side. */
static void keep_both(const work *w, uint8_t *cache, int position, const bf16 *both) {
  float *key = row_scratch(w);
  lengthen(both, 2 * w->net->width, key);
  keep(cache, w->f, position, key, key + w->net->width);
}

/* Attend from one position; the result is row `to` of the next product. */
static void attend_from(const work *w, const bf16 *query, const uint8_t *cache, int count,
                        const uint8_t *wanted, int to) {
  int width = w->net->width;
  float *scaled = row_scratch(w), *out = scaled + width, rate = 1.0f / sqrtf((float)w->f.dim);
  lengthen(query, width, scaled);
  for (int i = 0; i < width; i++) scaled[i] *= rate;
  attend(scaled, cache, w->f, count, wanted, attending(w), out);
  pack_row(w->attended, to, out);
}

static void encode_sequence(const work *w, int start, int length, uint8_t *cache) {
  int width = w->net->width;
  const bf16 *mixed = w->mixed + (size_t)start * 3 * width;
  for (int i = 0; i < length; i++) keep_both(w, cache, i, mixed + (size_t)i * 3 * width + width);
  for (int i = 0; i < length; i++)
    attend_from(w, mixed + (size_t)i * 3 * width, cache, length, NULL, start + i);
}

static void encode(team *t, const work *w, float *x, const int32_t *starts, int sequences,
                   cohort *to) {
  const network *net = w->net;
  int width = net->width;
  uint8_t *cache = (uint8_t *)row_scratch(w) + w->scratch_size;
  cache -= toolkit_cache_size(w->f.heads, w->f.dim, w->positions);
  for (int i = 0; i < net->encoder_layers; i++) {
    const layer *l = net->encoder + i;
    norm_all(t, x, l->self_norm, row_scratch(w), w->states, w->count);
    multiply_all(t, &l->self_qkv, w->states, w->count, w->mixed, 3 * width, BRIEF);
    SHARE(t, s, sequences) encode_sequence(w, starts[s], starts[s + 1] - starts[s], cache);
    meet(t);
    multiply_all(t, &l->self_out, w->attended, w->count, x, width, ADD);
    feed_forward(t, w, l, x);
  }
  norm_all(t, x, net->encoder_norm, row_scratch(w), w->states, w->count);
  size_t cache_size = toolkit_cache_size(w->f.heads, w->f.dim, to->source_positions);
  for (int i = 0; i < net->decoder_layers; i++) {
    multiply_all(t, &net->decoder[i].cross_kv, w->states, w->count, w->mixed, 2 * width, BRIEF);
    SHARE(t, s, sequences) {
      uint8_t *at = to->source + ((size_t)i * to->capacity + s) * cache_size;
      for (int p = starts[s]; p < starts[s + 1]; p++)
        keep_both(w, at, p - starts[s], w->mixed + (size_t)p * 2 * width);
    }
    meet(t);
  }
}

typedef struct {
  const work *w;
  float *x;
  const int32_t *starts;
  int sequences;
  cohort *to;
} encoding;

static void encode_together(team *t, void *about) {
  const encoding *e = about;
  encode(t, e->w, e->x, e->starts, e->sequences, e->to);
  release_tiles();
}

/* Encode sequences, whose tokens stand one after another in `x`, those of number s from starts[s]
   on; keeps the keys and values of their states in the cohort. Returns 1 without memory. */
int toolkit_encode(const network *net, float *x, const int32_t *starts, int sequences, cohort *to,
                   int threads) {
  int longest = 0;
  for (int i = 0; i < sequences; i++)
    if (starts[i + 1] - starts[i] > longest) longest = starts[i + 1] - starts[i];
  size_t cache_size = toolkit_cache_size(net->heads, net->width / net->heads, longest);
  work w;
  arena a = {0};
  size_t bytes = plan(&w, &a, net, starts[sequences], longest, cache_size, threads);
  uint8_t *memory = aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
  if (!memory) return 1;
  a.at = memory;
  plan(&w, &a, net, starts[sequences], longest, cache_size, threads);
  together(threads, encode_together, &(encoding){&w, x, starts, sequences, to});
  free(memory);
  return 0;
}

/* A sequence of a step. */
typedef struct {
  const cohort *cohort;
  int index; /* in the cohort */
  int first; /* of its beams, among all hypotheses of the step */
} member;

static void attend_to_output(const work *w, const member *m, int layer) {
  const cohort *c = m->cohort;
  int width = w->net->width, positions = (c->step + 1) * c->beams;
  size_t cache_size = toolkit_cache_size(w->f.heads, w->f.dim, c->output_positions);
  size_t at = (size_t)layer * c->capacity + c->slots[m->index];
  uint8_t *cache = c->output + at * cache_size;
  const bf16 *mixed = w->mixed + (size_t)m->first * 3 * width;
  for (int b = 0; b < c->beams; b++)
    keep_both(w, cache, c->step * c->beams + b, mixed + (size_t)b * 3 * width + width);
  uint8_t *wanted = c->ancestors ? attending(w).wanted : NULL;
  for (int b = 0; b < c->beams; b++) {
    if (wanted) {
      const int32_t *its = c->ancestors + (size_t)(m->index * c->beams + b) * (c->step + 1);
      memset(wanted, 0, up(positions, POSITIONS));
      for (int i = 0; i <= c->step; i++) wanted[its[i]] = 1;
    }
    attend_from(w, mixed + (size_t)b * 3 * width, cache, positions, wanted, m->first + b);
  }
}

static void attend_to_source(const work *w, const member *m, int layer) {
  const cohort *c = m->cohort;
  int width = w->net->width;
  size_t cache_size = toolkit_cache_size(w->f.heads, w->f.dim, c->source_positions);
  size_t at = (size_t)layer * c->capacity + c->slots[m->index];
  const uint8_t *cache = c->source + at * cache_size;
  for (int b = 0; b < c->beams; b++)
    attend_from(w, w->mixed + (size_t)(m->first + b) * width, cache, c->lengths[m->index], NULL,
                m->first + b);
}

/* The likeliest tokens of each hypothesis: for each chunk of the vocabulary its `count` best, its
   largest logit and the sum of e^(logit - largest). */
typedef struct {
  int count, banned, chunks;
  float *best, *state;
  int32_t *index;
} ranking;

static void rank_row(const float *logits, int width, int offset, const ranking *r, float *best,
                     int32_t *index, float *state) {
  float largest = LOWEST, total = 0;
  int count = r->count;
  for (int i = 0; i < count; i++) {
    best[i] = LOWEST;
    index[i] = 0;
  }
  for (int i = 0; i < width; i++) largest = logits[i] > largest ? logits[i] : largest;
  for (int i = 0; i < width; i++) total += exp_of(logits[i] - largest);
  state[0] = largest;
  state[1] = total;
  for (int start = 0; start < width; start += PANEL) {
    int stop = start + PANEL < width ? start + PANEL : width;
    float top = LOWEST;
    for (int i = start; i < stop; i++) top = logits[i] > top ? logits[i] : top;
    if (!(top > best[count - 1])) continue;
    for (int i = start; i < stop; i++) {
      if (!(logits[i] > best[count - 1]) || offset + i == r->banned) continue;
      int at = count - 1;
      for (; at > 0 && logits[i] > best[at - 1]; at--) {
        best[at] = best[at - 1];
        index[at] = index[at - 1];
      }
      best[at] = logits[i];
      index[at] = offset + i;
    }
  }
}

static void rank_chunk(const work *w, const ranking *r, int chunk, float *logits) {
  const network *net = w->net;
  int offset = chunk * CHUNK, first = offset / PANEL, panels = net->output.outputs / PANEL - first;
  int width = net->tokens - offset < CHUNK ? net->tokens - offset : CHUNK;
  panels = panels < CHUNK / PANEL ? panels : CHUNK / PANEL;
  for (int block = 0; block < w->count; block += 2 * TALL) {
    int here = w->count - block < 2 * TALL ? w->count - block : 2 * TALL;
    for (int p = 0; p < panels; p++)
      multiply_panel(&net->output, first + p, from_row(w->states, block), here,
                     logits + p * PANEL, CHUNK, WRITE);
    for (int row = 0; row < here; row++) {
      size_t at = (size_t)chunk * w->count + block + row;
      rank_row(logits + row * CHUNK, width, offset, r, r->best + at * r->count,
               r->index + at * r->count, r->state + 2 * at);
    }
  }
}

/* Merge the likeliest tokens of the chunks, in their order. */
static void rank_all(const ranking *r, int rows, int row, float *scores, int64_t *found) {
  float largest = LOWEST, total = 0;
  for (int i = 0; i < r->count; i++) scores[i] = LOWEST;
  for (int chunk = 0; chunk < r->chunks; chunk++) {
    size_t at = (size_t)chunk * rows + row;
    float its = r->state[2 * at], most = its > largest ? its : largest;
    total = total * exp_of(largest - most) + r->state[2 * at + 1] * exp_of(its - most);
    largest = most;
    for (int i = 0; i < r->count; i++) {
      float v = r->best[at * r->count + i];
      if (!(v > scores[r->count - 1])) break;
      int to = r->count - 1;
      for (; to > 0 && v > scores[to - 1]; to--) {
        scores[to] = scores[to - 1];
        found[to] = found[to - 1];
      }
      scores[to] = v;
      found[to] = r->index[at * r->count + i];
    }
  }
  float whole_sum = largest + logf(total);
  for (int i = 0; i < r->count; i++) scores[i] -= whole_sum;
}

static void decode(team *t, const work *w, float *x, const member *members, int sequences,
                   const ranking *r, float *logits, float *scores, int64_t *found) {
  const network *net = w->net;
  int width = net->width;
  for (int i = 0; i < net->decoder_layers; i++) {
    const layer *l = net->decoder + i;
    norm_all(t, x, l->self_norm, row_scratch(w), w->states, w->count);
    multiply_all(t, &l->self_qkv, w->states, w->count, w->mixed, 3 * width, BRIEF);
    SHARE(t, s, sequences) attend_to_output(w, members + s, i);
    meet(t);
    multiply_all(t, &l->self_out, w->attended, w->count, x, width, ADD);
    norm_all(t, x, l->cross_norm, row_scratch(w), w->states, w->count);
    multiply_all(t, &l->cross_query, w->states, w->count, w->mixed, width, BRIEF);
    SHARE(t, s, sequences) attend_to_source(w, members + s, i);
    meet(t);
    multiply_all(t, &l->cross_out, w->attended, w->count, x, width, ADD);
    feed_forward(t, w, l, x);
  }
  norm_all(t, x, net->decoder_norm, row_scratch(w), w->states, w->count);
  logits += (size_t)thread_number * 2 * TALL * CHUNK;
  SHARE(t, chunk, r->chunks) rank_chunk(w, r, chunk, logits);
  meet(t);
  SHARE(t, row, w->count) rank_all(r, w->count, row, scores + (size_t)row * r->count,
                                   found + (size_t)row * r->count);
  meet(t);
}

typedef struct {
  const work *w;
  float *x;
  const member *members;
  int sequences;
  const ranking *r;
  float *logits, *scores;
  int64_t *found;
} decoding;

static void decode_together(team *t, void *about) {
  const decoding *d = about;
  decode(t, d->w, d->x, d->members, d->sequences, d->r, d->logits, d->scores, d->found);
  release_tiles();
}

/* One step for all beams of all sequences of the cohorts, `x` their embeddings: the `count`
   likeliest tokens of each, best first, without `banned`, and their log-probabilities. Returns 1
   without memory. */
int toolkit_step(const network *net, float *x, const cohort *cohorts, int many, int count,
                 int banned, float *scores, int64_t *found, int threads) {
  int sequences = 0, beams = 0, positions = 0;
  for (int i = 0; i < many; i++) {
    const cohort *c = cohorts + i;
    int output = (c->step + 1) * c->beams;
    sequences += c->sequences;
    beams += c->sequences * c->beams;
    positions = output > positions ? output : positions;
    positions = c->source_positions > positions ? c->source_positions : positions;
  }
  ranking r = {count, banned, up(net->tokens, CHUNK) / CHUNK, NULL, NULL, NULL};
  size_t entries = (size_t)r.chunks * beams;
  work w;
  arena a = {0};
  size_t bytes = plan(&w, &a, net, beams, positions, 0, threads) + sizeof(member) * sequences +
                 entries * (count + 1) * 8 + sizeof(float) * threads * 2 * TALL * CHUNK + 4096;
  uint8_t *memory = aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
  if (!memory) return 1;
  a.at = memory;
  plan(&w, &a, net, beams, positions, 0, threads);
  member *members = take(&a, sizeof(member) * sequences), *m = members;
  r.best = take(&a, entries * count * sizeof(float));
  r.index = take(&a, entries * count * sizeof(int32_t));
  r.state = take(&a, entries * 2 * sizeof(float));
  float *logits = take(&a, sizeof(float) * threads * 2 * TALL * CHUNK);
  for (int i = 0, first = 0; i < many; i++)
    for (int s = 0; s < cohorts[i].sequences; s++, first += cohorts[i].beams)
      *m++ = (member){cohorts + i, s, first};
  decoding d = {&w, x, members, sequences, &r, logits, scores, found};
  together(threads, decode_together, &d);
  free(memory);
  return 0;
}
