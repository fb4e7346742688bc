#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "io/latents/streams.h"
#include "io/text/prompt.h"
#include "models/cosmos3/token_count.h"
#include "models/sampler/guidance.h"
#include "models/sampler/skip_rule.h"
#include "models/wan/config.h"

namespace orrery {

// A file that a clip is made from.
struct RequestFile {
  const char* key;  // its key in the manifest
  std::filesystem::path path;
  bool pixels = true;  // a picture or a video, not latents
};

// One clip to make: a manifest line with the defaults filled in. Units: frames, pixels, frames per second.
struct Request {
  std::string id;
  std::string prompt;
  std::optional<std::string> negative_prompt;  // none: the default; "": no negative prompt
  std::filesystem::path image;                 // empty: none
  std::filesystem::path last_image;            // shown at the end of a clip with `image`; empty: none
  std::filesystem::path video;                 // its frames begin the clip; empty: none
  bool keeps_last = false;                     // use the last frames of `video`, not the first
  std::filesystem::path condition_latents;     // empty: none
  std::filesystem::path continued_video;       // its last frames are encoded anew; empty: none
  std::string parent;                          // id of the earlier request that this clip continues; empty: none
  bool encodes_parent = false;                 // encode the parent's last pixel frames anew; false: use its latents
  std::vector<std::int64_t> condition_frames{0};
  std::int64_t num_frames = 189;               // 4k + 1
  std::optional<std::int64_t> chunk_frames{};  // 4k + 1: longer clips are made in chunks of this size; none: no chunks
  std::int64_t chunk_overlap = 5;              // 4k + 1: frames that a chunk repeats from the previous one
  std::int64_t height = 720;                   // multiple of 16
  std::int64_t width = 1280;                   // multiple of 16
  double fps = 24;
  std::int64_t steps = 35;
  double guidance_scale = 6.0;
  std::optional<GuidanceInterval> guidance_interval;  // none: every step is guided
  bool normalize_cfg = false;
  double flow_shift = 10.0;
  StepCacheSettings step_cache;
  std::uint32_t seed = 42;
  bool sound = false;
  std::optional<std::string> aspect_ratio;  // "16,9"
  bool append_metadata = true;
  std::optional<std::vector<std::int64_t>> prompt_token_ids;
  std::optional<std::vector<std::int64_t>> negative_token_ids;
  Semantics semantics = Semantics::Native;  // set by the run, not by the manifest line

  // Whether a step needs two branches. Native guidance below 1 is also a blend of both (MODEL.md §5).
  bool guided() const { return semantics == Semantics::Native ? guidance_scale != 1 : guidance_scale > 1; }
  // The number of branches that a step needs: 1 or 2.
  int branches() const { return guided() ? 2 : 1; }
  // The guidance; none when only the conditional branch runs.
  std::optional<Guidance> guidance() const {
    if (!guided()) return std::nullopt;
    return Guidance{guidance_scale, guidance_interval, normalize_cfg};
  }
  bool conditioned() const { return !condition_latents.empty() || !parent.empty() || needs_encoder(); }
  // Whether given frames are encoded from pixels.
  bool needs_encoder() const { return !image.empty() || !video.empty() || !continued_video.empty() || encodes_parent; }
  // All files that the clip is made from.
  std::vector<RequestFile> input_files() const {
    std::vector<RequestFile> files;
    if (!image.empty()) files.push_back({"image", image});
    if (!last_image.empty()) files.push_back({"last_image", last_image});
    if (!video.empty()) files.push_back({"video", video});
    if (!condition_latents.empty()) files.push_back({"condition_latents", condition_latents, false});
    if (!continued_video.empty()) files.push_back({"continues", continued_video, continued_video.extension() != ".h5"});
    return files;
  }
  // Whether the clip is made in chunks (chunks.h).
  bool is_long() const { return chunk_frames && num_frames > *chunk_frames; }
  bool picture() const { return num_frames == 1; }
  std::int64_t latent_frames() const { return WanConfig::latent_frames(num_frames); }
  // Latent frames that are made at once: those of the clip, or of its first chunk.
  std::int64_t latent_frames_at_once() const {
    return WanConfig::latent_frames(is_long() ? *chunk_frames : num_frames);
  }
  // Time steps of the sound latent, 1920 samples each at 48 kHz, rounded up; 0 without sound. As in the reference, the
  // number of samples is truncated first, and the order of operations matters (MODEL.md §6).
  std::int64_t sound_steps() const {
    const auto samples = static_cast<std::int64_t>(static_cast<double>(num_frames) / fps * 48000.0);
    return sound ? (samples + 1919) / 1920 : 0;
  }
  // The clip's streams with the extents of their latents without the channels: time steps first.
  Streams<std::vector<std::int64_t>> extents() const {
    constexpr std::int64_t kCell = WanConfig::kSpatialFactor;
    Streams<std::vector<std::int64_t>> all{{Stream::Video, {latent_frames(), height / kCell, width / kCell}}};
    if (sound) all[Stream::Sound] = {sound_steps()};
    return all;
  }
  // Tokens of all streams in the media tower.
  std::int64_t tokens() const {
    std::int64_t sum = 0;
    for (const auto& [stream, own] : extents()) sum += own.front() * step_tokens(std::span(own).subspan(1));
    return sum;
  }
  // The given (not generated) time steps of a stream.
  std::vector<std::int64_t> given(Stream stream) const {
    return stream == Stream::Video && conditioned() ? condition_frames : std::vector<std::int64_t>{};
  }
  friend bool operator==(const Request&, const Request&) = default;
};

// Calls `use` with all members of a request, constant or not, in one order. The binding names every member, so that a
// new one does not compile before it is given to `use`, too.
template <class AnyRequest, class Use>
void visit_members(AnyRequest& request, Use& use) {
  auto& [id, prompt, negative_prompt, image, last_image, video, keeps_last, condition_latents, continued_video, parent,
         encodes_parent, condition_frames, num_frames, chunk_frames, chunk_overlap, height, width, fps, steps,
         guidance_scale, guidance_interval, normalize_cfg, flow_shift, step_cache, seed, sound, aspect_ratio,
         append_metadata, prompt_token_ids, negative_token_ids, semantics] = request;
  use(id, prompt, negative_prompt, image, last_image, video, keeps_last, condition_latents, continued_video, parent,
      encodes_parent, condition_frames, num_frames, chunk_frames, chunk_overlap, height, width, fps, steps,
      guidance_scale, guidance_interval, normalize_cfg, flow_shift, step_cache, seed, sound, aspect_ratio,
      append_metadata, prompt_token_ids, negative_token_ids, semantics);
}

}  // namespace orrery
