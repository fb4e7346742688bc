#pragma once

#include <cstdint>
#include <filesystem>

#include "pipeline/media_settings.h"

namespace orrery {

// What a run leaves in OUT, and how it makes that.
struct OutputOptions {
  std::filesystem::path folder;  // OUT; Encode: the latent file
  MediaSettings media;
  bool timings = false;  // each clip's phases and steps in a file
  VaeSplit vae_split = VaeSplit::Exact;
  bool force = false;                // makes clips again that are there
  std::int64_t snapshot_every = 10;  // steps; 0: only where a run stops
};

}  // namespace orrery
