#pragma once

#include <cstdint>
#include <filesystem>

#include "pipeline/media_settings.h"

namespace orrery {

// What a run writes to OUT, and how.
struct OutputOptions {
  std::filesystem::path folder;  // OUT; for encode: the latent file
  MediaSettings media;
  bool timings = false;  // write each clip's phases and steps to a file
  VaeSplit vae_split = VaeSplit::Exact;
  bool force = false;                // make existing clips again
  std::int64_t snapshot_every = 10;  // steps; 0: only when the run stops
};

}  // namespace orrery
