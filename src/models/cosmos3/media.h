#pragma once

#include <ATen/ATen.h>
#include <c10/util/accumulate.h>

#include <cstdint>
#include <span>
#include <vector>

#include "io/latents/streams.h"
#include "models/cosmos3/token_count.h"

namespace orrery {

// The latents of a clip: a float32 tensor (channels, time steps, …) for each stream; video (C, t, h, w), sound (S, T).
// Velocities have the same form.
using MediaLatents = Streams<at::Tensor>;

// The shape of one stream of a clip.
struct StreamShape {
  std::vector<std::int64_t> extents;  // channels, time steps; for video also rows and columns
  std::vector<std::int64_t> given{};  // given (not generated) time steps, increasing

  std::int64_t steps() const { return extents[1]; }
  // Tokens of one time step: one for sound; for video one for each 2×2 patch, with odd heights and widths padded.
  std::int64_t step_tokens() const { return orrery::step_tokens(std::span(extents).subspan(2)); }
  std::int64_t tokens() const { return steps() * step_tokens(); }
  // Numbers of the latents in a token, of a video in a patch.
  std::int64_t token_values() const { return extents[0] * (extents.size() < 4 ? 1 : 4); }
  // Extents of the given time steps' latents.
  std::vector<std::int64_t> given_extents() const {
    std::vector<std::int64_t> all = extents;
    all[1] = std::ssize(given);
    return all;
  }
  friend bool operator==(const StreamShape&, const StreamShape&) = default;
};

// The properties of a request that the media tower needs before the first step.
struct MediaShape {
  Streams<StreamShape> streams;
  double fps = 24;  // frames per second

  const std::vector<std::int64_t>& extents(Stream stream) const { return streams.at(stream).extents; }
  std::int64_t tokens() const {
    std::int64_t sum = 0;
    for (const auto& [stream, shape] : streams) sum += shape.tokens();
    return sum;
  }
  // Numbers in the latents of all streams.
  std::int64_t values() const {
    std::int64_t sum = 0;
    for (const auto& [stream, shape] : streams) sum += c10::multiply_integers(shape.extents);
    return sum;
  }
};

}  // namespace orrery
