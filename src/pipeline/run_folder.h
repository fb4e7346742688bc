#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "pipeline/media_settings.h"
#include "pipeline/request.h"

namespace orrery {

// Paths of a run's files under OUT.
struct RunFolder {
  std::filesystem::path out;
  std::filesystem::path latents(const std::string& id) const { return out / "latents" / (id + ".h5"); }
  std::filesystem::path snapshot(const std::string& id) const { return out / "snapshots" / (id + ".h5"); }
  std::filesystem::path media(const std::string& id) const { return out / "media" / (id + ".mp4"); }
  std::filesystem::path preview(const std::string& id) const { return picture(id, PictureFormat::Png); }
  std::filesystem::path picture(const std::string& id, PictureFormat format) const {
    return out / "media" / (id + "." + std::string(choice_name(format)));
  }
  std::filesystem::path frames(const std::string& id) const { return out / "frames" / id; }
  std::filesystem::path sound(const std::string& id) const { return frames(id) / "sound.wav"; }
  std::filesystem::path timings(const std::string& id) const { return out / "timings" / (id + ".json"); }
  std::filesystem::path frame(const std::string& id, std::int64_t index) const {
    const std::string digits = std::to_string(index);
    return frames(id) / (std::string(digits.size() < 6 ? 6 - digits.size() : 0, '0') + digits + ".png");
  }
};

// A file, or a folder of files, that a run makes besides a clip's latent file. A new kind needs a path in RunFolder, a
// row in artifacts_of() and a writer in ClipMediaFiles.
struct Artifact {
  std::filesystem::path path;
  bool wanted = false;
  std::vector<std::filesystem::path> witnesses;  // files that record which latents it was made from (made_from())
  double bytes = 0;                              // a conservative estimate for camera pictures
  std::int64_t more_files = 0;                   // additional files, when `path` is a folder
};

// All artifacts that a run's folder may contain for the clip; `settings` decide which are wanted.
std::vector<Artifact> artifacts_of(const RunFolder& folder, const Request& request, const MediaSettings& settings);

// Removes the artifacts of earlier latents of the clip, before new latents are written. Files that cannot be removed
// are left, since they name the latents that they were made from.
void remove_artifacts(const RunFolder& folder, const Request& request);

// Removes the files of chunks that an earlier clip with this id had and this clip does not have. Call it when the
// clip's own latent file has been replaced, which listed them. Files that cannot be removed are left.
void remove_other_chunks(const RunFolder& folder, const Request& request);

// Removes all files of the clip. Throws Error that names a file that cannot be removed.
void remove_clip(const RunFolder& folder, const Request& request);

}  // namespace orrery
