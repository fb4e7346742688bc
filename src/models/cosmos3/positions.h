#pragma once

#include <ATen/ATen.h>

#include "models/cosmos3/config.h"
#include "models/kernels/head_norm_rope.h"

namespace orrery {

// The video of one request in tokens: latent frames × patch rows × patch columns.
struct VideoGrid {
  std::int64_t frames = 0;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::int64_t tokens() const { return frames * rows * columns; }
};

// Token grid of a latent (C, t, h, w) cut into 2×2 patches; odd heights and widths are padded.
VideoGrid patch_grid(at::IntArrayRef latent_shape);

// Positions (3, tokens) float32, rows t, h, w (MODEL.md §4, mRoPE).
at::Tensor text_positions(std::int64_t tokens);
at::Tensor sound_positions(const Cosmos3Config& config, std::int64_t steps, std::int64_t text_tokens);

// cos and sin of `positions` for every slot, computed in float32 on the CPU and then moved.
RopeTable rope_table(const Cosmos3Config& config, const at::Tensor& positions, at::Device device, at::ScalarType dtype);

// cos and sin of a video's tokens behind a text of `text_tokens`. A slot follows one of t, h and w, and a video has few
// of each: their tables are small, and are spread over its tens of thousands of tokens on the device.
RopeTable video_rope(const Cosmos3Config& config, const VideoGrid& grid, double fps, std::int64_t text_tokens,
                     at::Device device, at::ScalarType dtype);

}  // namespace orrery
