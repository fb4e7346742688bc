#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <span>

#include "wan/decoder.h"

namespace orrery {

// One frame of 8-bit RGB, height × width × 3, valid during the call.
using FrameSink = std::function<void(std::span<const std::uint8_t> rgb)>;

// Pixels (3, frames, H, W) in [-1, 1] to bytes (frames, H, W, 3) on the CPU, rounded to nearest.
at::Tensor to_rgb8(const at::Tensor& pixels);

// Decodes a latent (C, t, h, w) one latent frame at a time and hands every pixel frame to `sink`, in order. Memory does
// not grow with the clip's length. One rank, no communication.
void decode_video(const WanDecoder& decoder, const at::Tensor& latent, const FrameSink& sink);

}  // namespace orrery
