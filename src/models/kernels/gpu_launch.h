#pragma once

#include <c10/util/BFloat16.h>

#include <cstdint>

#include "models/kernels/mlp_kind.h"

// What the .cu files offer to the ATen side: plain pointers, so that nvcc never reads ATen. Work is queued on GPU
// `device`'s current stream. Rows are contiguous unless a stride (in elements) is given; pointers and strides are
// multiples of 16 bytes. All throw Error when a launch fails, and in a program built without CUDA.
namespace orrery {

using c10::BFloat16;

// What a block of threads keeps of a row in registers.
inline constexpr std::int64_t kWidestRow = 32768;

// Rows in float8_e4m3fn, contiguous, and each one's factor. Null: not wanted.
struct Float8Out {
  std::uint8_t* data = nullptr;
  float* scale = nullptr;
  float factor = 0;  // that all rows are to have; 0: each its own
};

struct AddRmsNormLaunch {
  BFloat16* x;
  const BFloat16* delta;  // null: nothing is added
  const BFloat16* more;   // null: nothing beside delta
  const BFloat16* weight;
  BFloat16* normed;  // null: float8 is wanted
  Float8Out float8;
  std::int64_t rows;
  std::int64_t width;  // a multiple of 8, at most kWidestRow
  float eps;
};

void launch(const AddRmsNormLaunch& l, int device);

// Where rotated heads go in 8 bits (float8_heads.h). Null: they are written back, unrotated, as they were read.
struct Float8HeadsOut {
  std::uint8_t* q = nullptr;       // (rows, heads, head_dim)
  std::uint8_t* k = nullptr;       // (rows, kv_heads, head_dim)
  const float* q_scale = nullptr;  // (kv_heads), like k_scale
  const float* k_scale = nullptr;
  std::uint8_t flipped[32] = {};  // bit i of byte j: the rotation changes the sign of channel 8 j + i
};

struct HeadNormRopeLaunch {
  BFloat16* rows_begin;  // of each row: heads query heads, then kv_heads key heads, then what is left alone
  std::int64_t rows;
  std::int64_t row_stride;
  std::int64_t heads;
  std::int64_t kv_heads;
  std::int64_t head_dim;               // 32, 64, 128 or 256
  const BFloat16* q_weight = nullptr;  // null: queries are rotated without a norm
  const BFloat16* k_weight = nullptr;  // keys likewise
  const BFloat16* cos = nullptr;       // (rows, head_dim), the second half like the first
  const BFloat16* sin = nullptr;
  float eps = 0;
  Float8HeadsOut float8 = {};
};

void launch(const HeadNormRopeLaunch& l, int device);

// share_heads() of head_norm_rope.h.
struct ShareHeadsLaunch {
  HeadNormRopeLaunch heads;  // rows that are read: queries, keys and as many values; without weights: moved as they are
  BFloat16* own;             // rows of the calling rank's share
  std::int64_t own_stride;   // of them
  BFloat16* others;          // (ranks - 1, rows, heads of a share, head_dim)
  std::int64_t share_heads;  // queries in a share
  std::int64_t share_keys;   // keys in a share, and values
  std::int64_t ranks;        // that share
  std::int64_t rank;         // that calls
};

void launch(const ShareHeadsLaunch& l, int device);

struct JoinAttentionLaunch {
  BFloat16* out;             // (tokens, heads, head_dim), in place
  const float* log_sum_exp;  // (heads, tokens)
  const BFloat16* rest;      // of the other keys, like the two above
  const float* rest_log_sum_exp;
  std::int64_t tokens;
  std::int64_t heads;
  std::int64_t head_dim;  // a multiple of 8
};

void launch(const JoinAttentionLaunch& l, int device);

// Values of some of the keys: (rows, kv_heads · head_dim).
struct ValueRows {
  const BFloat16* values;
  std::int64_t rows;
  std::int64_t row_stride;
};

// Mean over all keys, and a factor for each kv head: its values' largest distance from their mean / 448.
struct ValueCentreLaunch {
  ValueRows media;
  const float* text;  // (3, width): each channel's sum, least and largest of the other keys
  std::int64_t text_rows;
  std::int64_t kv_heads;
  std::int64_t head_dim;  // 32, 64, 128 or 256
  float* partial;         // (kValueChunks, 3, width), scratch
  float* mean;            // (width)
  float* scale;           // (kv_heads)
};

// Parts of the rows that ValueCentreLaunch sums apart, at most.
inline constexpr std::int64_t kValueChunks = 64;

void launch(const ValueCentreLaunch& l, int device);

// The values of all keys, less their mean, in 8 bits.
struct Float8ValuesLaunch {
  ValueRows media;
  ValueRows text;  // behind the media's rows
  std::int64_t kv_heads;
  std::int64_t head_dim;
  const float* mean;   // (width)
  const float* scale;  // (kv_heads)
  std::uint8_t* out;   // (rows of both, width)
};

void launch(const Float8ValuesLaunch& l, int device);

// Adds the values' mean to what attention made of the centred values, in place.
struct AddHeadMeanLaunch {
  BFloat16* out;  // (tokens, heads, head_dim)
  std::int64_t tokens;
  std::int64_t heads;
  std::int64_t kv_heads;
  std::int64_t head_dim;
  const float* mean;  // (kv_heads, head_dim)
};

void launch(const AddHeadMeanLaunch& l, int device);

struct ActivationLaunch {
  MlpKind kind;
  const BFloat16* in;  // (rows, mlp_inputs(kind) · width): gates before what they are multiplied by
  BFloat16* out;       // (rows, width); null: float8 is wanted
  Float8Out float8;
  std::int64_t rows;
  std::int64_t width;  // a multiple of 8; for float8 at most kWidestRow
};

void launch(const ActivationLaunch& l, int device);

struct PatchesLaunch {
  float* latent;          // (channels, frames, height, width)
  BFloat16* tokens;       // (tokens, 4 · channels), 2×2 patches of the latent padded to even sizes
  std::int64_t channels;  // a multiple of 8
  std::int64_t frames;
  std::int64_t height;
  std::int64_t width;
};

struct PatchifyLaunch {
  PatchesLaunch patches;  // reads the latent, writes the tokens, the padding as zeros
};

struct UnpatchifyLaunch {
  PatchesLaunch patches;  // reads the tokens, writes the latent
};

void launch(const PatchifyLaunch& l, int device);
void launch(const UnpatchifyLaunch& l, int device);

// sampler_step.h, in its order. The sample is `planes` planes of `plane_size` numbers; with given frames plane c ·
// frames
// + t is frame t of channel c. Pointers need no more than float's alignment.
struct SamplerStepLaunch {
  const float* cond;
  const float* uncond;  // null: no guidance
  const float* sample;
  const float* last_sample;  // null, like the next two: not read
  const float* output_0;
  const float* output_1;
  float* output;
  float* corrected;  // null: nothing is corrected
  float* next;
  float guidance;
  float sigma;
  float correct_last_sample, correct_output_1, correct_output_0, correct_output;
  float predict_corrected, predict_output, predict_output_1;
  std::int64_t planes;
  std::int64_t plane_size;
  std::int64_t frames;  // of a channel
  const float* given;   // (channels, given_count, plane_size)
  std::int64_t given_count;
  const std::int32_t* places;  // (frames): which of the given frames stands there, -1: none; null: none at all
};

void launch(const SamplerStepLaunch& l, int device);

struct Float8Launch {
  const BFloat16* x;  // (rows, width)
  Float8Out out;
  std::int64_t rows;
  std::int64_t width;  // a multiple of 8, at most kWidestRow
};

void launch(const Float8Launch& l, int device);

}  // namespace orrery
