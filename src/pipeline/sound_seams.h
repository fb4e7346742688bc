#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <optional>

namespace orrery {

// Joins the sounds of a long clip's chunks, each of which begins before the one before it ends. Where both sound, one
// fades out while the other fades in: their gains are a cosine and a sine, whose squares add up to 1, since two chunks'
// sounds are not correlated, so that the joint is neither louder nor softer. Holds one overlap.
class SoundSeams {
 public:
  // Adds the next chunk's waveform (2, samples), float32 on the CPU, which begins at sample `begin` of the clip.
  // `next`: where the chunk behind it begins; none: it is the last. Returns what is complete now, in order.
  at::Tensor add(const at::Tensor& waveform, std::int64_t begin, std::optional<std::int64_t> next);

 private:
  at::Tensor held_;  // (2, samples) of the chunk before, from this one's beginning on
};

}  // namespace orrery
