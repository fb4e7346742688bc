#pragma once

#include <filesystem>
#include <vector>

#include "pipeline/clip_media_files.h"
#include "pipeline/request.h"
#include "pipeline/run_folder.h"

namespace orrery {

// A file, or a folder of files, that a run makes beside a clip's latent file.
struct Artifact {
  std::filesystem::path path;
  bool wanted = false;
  std::vector<std::filesystem::path> witnesses;  // files that say which latents all of it was made from (made_from())
};

// Everything that may lie in a run's folder for the clip; `settings` say what is wanted.
std::vector<Artifact> artifacts_of(const RunFolder& folder, const Request& request, const MediaSettings& settings);

// Removes what an earlier making of the clip left, before new latents take the place of those that it was made from.
// What cannot be removed stays: it names the latents that it was made from.
void remove_artifacts(const RunFolder& folder, const Request& request);

}  // namespace orrery
