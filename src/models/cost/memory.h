#pragma once

#include <cstdint>

#include "base/parallel/grid_shape.h"
#include "io/checkpoint/weights.h"
#include "models/audio/config.h"
#include "models/cosmos3/config.h"
#include "models/kernels/scaled_rows.h"
#include "models/wan/config.h"

// What a clip takes of a device's memory beside the weights, by arithmetic on the sizes: bytes on one rank. It follows
// the tensors that live at the worst moment; libraries' workspaces are not in it.
namespace orrery {

// How the transformer is spread, and what it computes in.
struct ModelLayout {
  GridShape grid;
  std::int64_t element_bytes = 2;
  RowFormat products = RowFormat::Plain;  // of the media tower, as is attention
  RowFormat attention = RowFormat::Plain;

  // How many of a step's branches a rank runs.
  std::int64_t own_branches(int branches) const { return (branches + grid.cfg - 1) / grid.cfg; }
};

// The keys and values of a text of `tokens` tokens.
std::int64_t text_cache_bytes(const Cosmos3Config& config, std::int64_t tokens, const ModelLayout& layout);

// What attention in 8 bits keeps of a text beside that: its keys once more, and three numbers of each channel's values.
std::int64_t rounded_text_bytes(const Cosmos3Config& config, std::int64_t tokens, const ModelLayout& layout);

// A denoise step of `tokens` tokens of all streams, with the texts' keys and values: `text_tokens` of the longest text
// and `branches` of them on this rank.
std::int64_t step_bytes(const Cosmos3Config& config, std::int64_t tokens, std::int64_t text_tokens,
                        std::int64_t branches, const ModelLayout& layout);

// The largest weight of a product: what a step in full precision holds beside those in 8 bits.
std::int64_t largest_weight_bytes(const Cosmos3Config& config, const ModelLayout& layout);

// What a step cache of so many branches and that order holds beside the step.
std::int64_t step_cache_bytes(const Cosmos3Config& config, std::int64_t tokens, std::int64_t branches,
                              std::int64_t order);

// The decoding of a video latent, or a rank's part of it, of height × width cells, of any length, in elements of
// `element_bytes`.
std::int64_t decode_bytes(const WanConfig& config, std::int64_t height, std::int64_t width, std::int64_t element_bytes);

// The encoding of frames of height × width latent cells, of any number, in elements of `element_bytes`.
std::int64_t encode_bytes(const WanConfig& config, std::int64_t height, std::int64_t width, std::int64_t element_bytes);

// The decoding of `steps` sound latent steps, in float32.
std::int64_t sound_bytes(const SoundConfig& config, std::int64_t steps);

}  // namespace orrery
