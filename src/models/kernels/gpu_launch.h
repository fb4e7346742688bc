#pragma once

#include <c10/util/BFloat16.h>

#include <cstdint>

#include "models/kernels/mlp_kind.h"

// The interface between the .cu files and the ATen code: plain pointers, so that nvcc never compiles ATen headers. Work
// is queued on the current stream of GPU `device`. Rows are contiguous unless a stride (in elements) is given; pointers
// and strides are multiples of 16 bytes. All functions throw Error when a launch fails, and in a program built without
// CUDA.
namespace orrery {

using c10::BFloat16;

// The widest row that a block of threads can keep in registers [elements].
inline constexpr std::int64_t kWidestRow = 32768;

// Contiguous float8_e4m3fn rows and the factor of each. Null: float8 is not wanted.
struct Float8Out {
  std::uint8_t* data = nullptr;
  float* scale = nullptr;
  float factor = 0;  // of all rows; 0: one computed for each row
};

struct AddRmsNormLaunch {
  BFloat16* x;
  const BFloat16* delta;  // null: nothing is added
  const BFloat16* more;   // null: only delta is added
  const BFloat16* weight;
  BFloat16* normed;  // null: float8 is wanted
  Float8Out float8;
  std::int64_t rows;
  std::int64_t width;  // a multiple of 8, at most kWidestRow
  float eps;
};

void launch(const AddRmsNormLaunch& l, int device);

// Destination of rotated heads in 8 bits (float8_heads.h). Null: heads are written back in place, without this
// rotation.
struct Float8HeadsOut {
  std::uint8_t* q = nullptr;       // (rows, heads, head_dim)
  std::uint8_t* k = nullptr;       // (rows, kv_heads, head_dim)
  const float* q_scale = nullptr;  // (kv_heads), like k_scale
  const float* k_scale = nullptr;
  std::uint8_t flipped[32] = {};  // bit i of byte j: rotation negates channel 8 j + i
};

struct HeadNormRopeLaunch {
  BFloat16* rows_begin;  // rows of `heads` query heads, `kv_heads` key heads, and other data
  std::int64_t rows;
  std::int64_t row_stride;
  std::int64_t heads;
  std::int64_t kv_heads;
  std::int64_t head_dim;               // 32, 64, 128 or 256
  const BFloat16* q_weight = nullptr;  // null: queries get RoPE without a norm
  const BFloat16* k_weight = nullptr;  // null: keys get RoPE without a norm
  const BFloat16* cos = nullptr;       // (rows, head_dim); both halves are equal
  const BFloat16* sin = nullptr;
  float eps = 0;
  Float8HeadsOut float8 = {};
};

void launch(const HeadNormRopeLaunch& l, int device);

// For share_heads() in head_norm_rope.h.
struct ShareHeadsLaunch {
  HeadNormRopeLaunch heads;    // rows read: queries, keys, values; without weights, only moved
  BFloat16* own;               // rows of this rank's share
  std::int64_t own_stride;     // row stride of own
  BFloat16* others;            // (ranks - 1, rows, heads of a share, head_dim), each rank's contiguous
  std::int64_t others_stride;  // between ranks in others
  std::int64_t share_heads;    // queries in a share
  std::int64_t share_keys;     // keys in a share, and values
  std::int64_t ranks;          // number of ranks that share
  std::int64_t rank;           // this rank
};

void launch(const ShareHeadsLaunch& l, int device);

struct JoinAttentionLaunch {
  BFloat16* out;             // (tokens, heads, head_dim), in place
  const float* log_sum_exp;  // (heads, tokens)
  const BFloat16* rest;      // of the other keys, with the shapes above
  const float* rest_log_sum_exp;
  std::int64_t tokens;
  std::int64_t heads;
  std::int64_t head_dim;  // a multiple of 8
};

void launch(const JoinAttentionLaunch& l, int device);

// Values of a subset of the keys: (rows, kv_heads · head_dim).
struct ValueRows {
  const BFloat16* values;
  std::int64_t rows;
  std::int64_t row_stride;
};

// Computes the values' mean over all keys, and a factor for each kv head: the largest distance of its values from their
// mean / 448.
struct ValueCentreLaunch {
  ValueRows media;
  const float* text;  // (3, width): sum, minimum and maximum of each channel over the other keys
  std::int64_t text_rows;
  std::int64_t kv_heads;
  std::int64_t head_dim;  // 32, 64, 128 or 256
  float* partial;         // (kValueChunks, 3, width), scratch
  float* mean;            // (width)
  float* scale;           // (kv_heads)
};

// Maximum number of parts of the rows that ValueCentreLaunch sums separately.
inline constexpr std::int64_t kValueChunks = 64;

void launch(const ValueCentreLaunch& l, int device);

// Rounds the values of all keys, minus their mean, to 8 bits.
struct Float8ValuesLaunch {
  ValueRows media;
  ValueRows text;  // appended to the media's rows
  std::int64_t kv_heads;
  std::int64_t head_dim;
  const float* mean;   // (width)
  const float* scale;  // (kv_heads)
  std::uint8_t* out;   // (media rows + text rows, width)
};

void launch(const Float8ValuesLaunch& l, int device);

// Adds the values' mean, in place, to the result of attention over the centred values.
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
  const BFloat16* in;  // (rows, mlp_inputs(kind) · width): gates, then their factors
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

// For sampler_step.h, with its names. The sample is `planes` planes of `plane_size` numbers; with given frames, plane c
// · frames + t is frame t of channel c. Pointers need only float's alignment.
struct SamplerStepLaunch {
  const float* cond;
  const float* uncond;  // null: no guidance
  const float* sample;
  const float* last_sample;  // null: not read; also for the next two
  const float* output_0;
  const float* output_1;
  float* output;
  float* corrected;  // null: no correction
  float* next;
  float guidance;
  float sigma;
  float correct_last_sample, correct_output_1, correct_output_0, correct_output;
  float predict_corrected, predict_output, predict_output_1;
  std::int64_t planes;
  std::int64_t plane_size;
  std::int64_t frames;  // of each channel
  const float* given;   // (channels, given_count, plane_size)
  std::int64_t given_count;
  const std::int32_t* places;  // (frames): index of the given frame, -1: generated; null: all are
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
