#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <optional>

namespace orrery {

// Joins the sounds of a long clip's chunks, which overlap, by an equal-power cross-fade: the gains are a cosine and a
// sine, whose squares add up to 1, so that the loudness of uncorrelated sounds stays constant. Keeps one overlap in
// memory.
class SoundSeams {
 public:
  // Adds the next chunk's waveform (2, samples), float32 on the CPU, which begins at sample `begin` of the clip. `next`
  // is the first sample of the following chunk; none for the last chunk. Returns the samples that are complete now.
  at::Tensor add(const at::Tensor& waveform, std::int64_t begin, std::optional<std::int64_t> next);

 private:
  at::Tensor held_;  // (2, samples) of the previous chunk, from the next chunk's begin on
};

}  // namespace orrery
