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

// The initial noise of clips. The next clip's noise is drawn in a separate thread while a clip is denoised: one core
// takes a third of a second for a large clip. Used on each rank; not thread-safe.
class NoiseAhead {
 public:
  // Starts to draw the noise that the next take() will most likely ask for. Waits for an earlier draw.
  void begin(std::uint32_t seed, const MediaShape& shape);
  // Returns noise_for() of the arguments: the noise drawn ahead if it matches, otherwise drawn now.
  MediaLatents take(std::uint32_t seed, const MediaShape& shape, at::Device device);

 private:
  // Everything that the noise depends on.
  struct Key {
    std::uint32_t seed = 0;
    Streams<std::vector<std::int64_t>> extents;
    friend bool operator==(const Key&, const Key&) = default;
  };
  static Key key_of(std::uint32_t seed, const MediaShape& shape);

  Key begun_;
  std::future<MediaLatents> drawn_;  // on the CPU; invalid: no draw was started
};

// The start of a clip: the state (noise or from a snapshot) and the given time steps.
struct ClipStart {
  DenoiseState state;
  Streams<Condition> conditions;
  std::string inputs;  // content of its files (clip_inputs()); on rank 0
};

// Prepares the start of clips, from noise or from a snapshot.
class ClipStarter {
 public:
  // `context` must outlive the object.
  explicit ClipStarter(const ClipContext& context) : context_(context) {}

  // Returns the start of the job's clip of `shape`; messages call it `label`. `parents_end` are the last frames of the
  // clip that it continues, as from MediaMaker::last_frames(); if none, that clip is decoded here. Throws RequestFailed
  // on all ranks when one of its files cannot be read. Collective over the world.
  ClipStart operator()(const ClipJob& job, const MediaShape& shape, const std::string& label, PhaseClock& clock,
                       const std::optional<at::Tensor>& parents_end = std::nullopt);
  // Starts to draw the noise of the clip that will most likely come next in a separate thread.
  void draw_noise_ahead(const ClipJob& job);

 private:
  ClipStart resumed(const ClipJob& job, const MediaShape& shape, const std::string& label) const;
  Condition condition_for(const Request& request, const MediaShape& shape,
                          const std::optional<at::Tensor>& parents_end) const;
  // The given frames' latents, encoded from pixels or read from a file. For rank 0. `pixels` are the last frames of the
  // continued clip, if it has been decoded.
  at::Tensor given_latents(const Request& request, const MediaShape& shape, at::Tensor pixels) const;
  // Reads and decodes the continued clip and returns its last frames, on rank 0. Collective.
  at::Tensor decoded_end(const Request& request, const MediaShape& shape) const;
  // The present content of the job's files (clip_inputs()). For rank 0.
  std::string inputs_of(const ClipJob& job) const;

  const ClipContext& context_;
  NoiseAhead noise_;
};

}  // namespace orrery
