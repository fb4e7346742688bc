#pragma once

#include <cstdint>

#include "base/parallel/grid_shape.h"
#include "io/checkpoint/weights.h"
#include "models/audio/config.h"
#include "models/cosmos3/config.h"
#include "models/kernels/scaled_rows.h"
#include "models/wan/config.h"

// The memory that a clip needs on a device besides the weights, computed from sizes only: bytes on one rank. It is the
// peak over the tensors that are allocated at the same time, without libraries' workspaces.
namespace orrery {

// How the transformer is distributed over ranks, and its number formats.
struct ModelLayout {
  GridShape grid;
  std::int64_t element_bytes = 2;
  RowFormat products = RowFormat::Plain;  // media tower only, like attention
  RowFormat attention = RowFormat::Plain;

  // The number of a step's branches that one rank computes.
  std::int64_t own_branches(int branches) const { return (branches + grid.cfg - 1) / grid.cfg; }
};

// The keys and values of one text of `tokens` tokens, in all layers.
std::int64_t text_cache_bytes(const Cosmos3Config& config, std::int64_t tokens, const ModelLayout& layout);

// What attention in 8 bits adds to that: the keys in 8 bits, and three float32 statistics of each channel's values.
std::int64_t rounded_text_bytes(const Cosmos3Config& config, std::int64_t tokens, const ModelLayout& layout);

// A denoise step of `tokens` tokens (all streams) on a rank that computes `branches` branches, with the keys and values
// of a text of `text_tokens` tokens for each branch.
std::int64_t step_bytes(const Cosmos3Config& config, std::int64_t tokens, std::int64_t text_tokens,
                        std::int64_t branches, const ModelLayout& layout);

// The largest weight of a matrix product, unrounded: a step in full precision needs it besides the weights in 8 bits.
std::int64_t largest_weight_bytes(const Cosmos3Config& config, const ModelLayout& layout);

// What a step cache of `branches` branches and `order` adds to the step.
std::int64_t step_cache_bytes(const Cosmos3Config& config, std::int64_t tokens, std::int64_t branches,
                              std::int64_t order);

// Decoding a video latent, or a rank's part of it, of height × width cells and any length. `element_bytes` is the size
// of the decoder's dtype.
std::int64_t decode_bytes(const WanConfig& config, std::int64_t height, std::int64_t width, std::int64_t element_bytes);

// Encoding any number of frames of height × width latent cells. `element_bytes` is the size of the encoder's dtype.
std::int64_t encode_bytes(const WanConfig& config, std::int64_t height, std::int64_t width, std::int64_t element_bytes);

// Decoding `steps` sound latent steps in float32.
std::int64_t sound_bytes(const SoundConfig& config, std::int64_t steps);

}  // namespace orrery
