#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "pipeline/media_settings.h"
#include "pipeline/request.h"
#include "pipeline/run_folder.h"

namespace orrery {

// A file, or a folder of files, that a run makes beside a clip's latent file. A new kind is a path in RunFolder, a row
// in artifacts_of(), and what ClipMediaFiles writes.
struct Artifact {
  std::filesystem::path path;
  bool wanted = false;
  std::vector<std::filesystem::path> witnesses;  // files that say which latents all of it was made from (made_from())
  double bytes = 0;                              // a cautious estimate, for camera pictures
  std::int64_t more_files = 0;                   // inside `path` where that is a folder
};

// Everything that may lie in a run's folder for the clip; `settings` say what is wanted.
std::vector<Artifact> artifacts_of(const RunFolder& folder, const Request& request, const MediaSettings& settings);

// Removes the artifacts of an earlier making of the clip, before new latents are written. What cannot be removed stays:
// it names the latents that it was made from.
void remove_artifacts(const RunFolder& folder, const Request& request);

}  // namespace orrery
