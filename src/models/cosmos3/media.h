#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

namespace orrery {

// What a request generates: a video latent, and with it, or not, a sound latent. Velocities have the same form.
struct MediaLatents {
  at::Tensor video;  // (C, t, h, w) float32
  at::Tensor sound;  // (S, T) float32; undefined without sound
  bool has_sound() const { return sound.defined(); }
};

// What the media tower must know of a request before the first step.
struct MediaShape {
  std::vector<std::int64_t> video;             // C, t, h, w
  std::int64_t sound_steps = 0;                // T; 0: no sound
  double fps = 24;                             // frames per second
  std::vector<std::int64_t> condition_frames;  // latent frames that are given, not generated
};

}  // namespace orrery
