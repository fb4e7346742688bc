#pragma once

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace orrery {

// One clip to make: a manifest line after the defaults have been filled in. Units: frames, pixels, frames per second.
struct Request {
  std::string id;
  std::string prompt;
  std::optional<std::string> negative_prompt;  // none: the default one; "": no negative prompt
  std::filesystem::path image;                 // empty: none
  std::filesystem::path condition_latents;     // empty: none
  std::string parent;                          // id of an earlier request whose clip this one continues; empty: none
  std::vector<std::int64_t> condition_frames{0};
  std::int64_t num_frames = 189;  // 4k + 1
  std::int64_t height = 720;      // multiple of 16
  std::int64_t width = 1280;      // multiple of 16
  double fps = 24;
  std::int64_t steps = 35;
  double guidance_scale = 6.0;
  double flow_shift = 10.0;
  std::uint32_t seed = 42;
  bool sound = false;
  std::optional<std::string> aspect_ratio;  // "16,9"
  bool append_metadata = true;
  std::optional<std::vector<std::int64_t>> prompt_token_ids;
  std::optional<std::vector<std::int64_t>> negative_token_ids;

  bool guided() const { return guidance_scale > 1; }
  bool conditioned() const { return !image.empty() || !condition_latents.empty() || !parent.empty(); }
  std::int64_t latent_frames() const { return (num_frames - 1) / 4 + 1; }
  // 25 sound latent steps a second, rounded up; 0 without sound. The order of operations is the reference's.
  std::int64_t sound_steps() const {
    return sound ? static_cast<std::int64_t>(std::ceil(static_cast<double>(num_frames) / fps * 25.0)) : 0;
  }
  friend bool operator==(const Request&, const Request&) = default;
};

}  // namespace orrery
