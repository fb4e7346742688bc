#pragma once

#include <cstdint>
#include <future>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/clip_context.h"
#include "pipeline/clip_job.h"
#include "pipeline/condition.h"
#include "pipeline/denoise.h"

namespace orrery {

// The starting noise of clips, of which the next one's is drawn in a thread of its own while a clip is denoised: one
// core takes a third of a second for a large clip. On each rank; calls come from one thread.
class NoiseAhead {
 public:
  // Begins to draw what the next take() will most likely ask for. Waits for the end of what was begun before.
  void begin(std::uint32_t seed, const MediaShape& shape);
  // What noise_for gives: from what was begun, or drawn now where that was for something else.
  MediaLatents take(std::uint32_t seed, const MediaShape& shape, at::Device device);

 private:
  // All that the noise depends on.
  struct Key {
    std::uint32_t seed = 0;
    Streams<std::vector<std::int64_t>> extents;
    friend bool operator==(const Key&, const Key&) = default;
  };
  static Key key_of(std::uint32_t seed, const MediaShape& shape);

  Key begun_;
  std::future<MediaLatents> drawn_;  // on the CPU; invalid: nothing was begun
};

// What a clip starts from: noise or a snapshot, and the time steps that are given.
struct ClipStart {
  DenoiseState state;
  Streams<Condition> conditions;
  std::string inputs;  // what its files hold (clip_inputs()); on rank 0
};

// Starts clips: from noise, or from a snapshot.
class ClipStarter {
 public:
  // `context` must outlive the object.
  explicit ClipStarter(const ClipContext& context) : context_(context) {}

  // The start of `job`'s clip of `shape`; `label` is what messages call it. `parents_end`: the last frames of the clip
  // that it continues, as MediaMaker::last_frames() gives them; none: that clip is decoded. Throws RequestFailed on all
  // ranks alike when what it is made from cannot be read. Collective over the world.
  ClipStart operator()(const ClipJob& job, const MediaShape& shape, const std::string& label, PhaseClock& clock,
                       const std::optional<at::Tensor>& parents_end = std::nullopt);
  // Draws the noise of the clip that most likely comes next in a thread of its own.
  void draw_noise_ahead(const ClipJob& job);

 private:
  ClipStart resumed(const ClipJob& job, const MediaShape& shape, const std::string& label) const;
  Condition condition_for(const Request& request, const MediaShape& shape,
                          const std::optional<at::Tensor>& parents_end) const;
  // The given frames' latents, made from pixels or read from a file; on rank 0. `pixels`: those of a clip that is
  // continued, where it has been decoded.
  at::Tensor given_latents(const Request& request, const MediaShape& shape, at::Tensor pixels) const;
  // The last frames of a clip that is continued, which is read and decoded; on rank 0. Collective.
  at::Tensor decoded_end(const Request& request, const MediaShape& shape) const;
  // What the job's files hold now. On rank 0.
  std::string inputs_of(const ClipJob& job) const;

  const ClipContext& context_;
  NoiseAhead noise_;
};

}  // namespace orrery
