#include "pipeline/clip_artifacts.h"

#include <system_error>

namespace orrery {

std::vector<Artifact> artifacts_of(const RunFolder& folder, const Request& request, const MediaSettings& settings) {
  const std::string& id = request.id;
  // Frames are written in order: where the first and the last are of one making, all are.
  std::vector<std::filesystem::path> frames{folder.frame(id, 0), folder.frame(id, request.num_frames - 1)};
  if (request.sound) frames.push_back(folder.sound(id));
  return {{folder.media(id), settings.mp4, {folder.media(id)}},
          {folder.preview(id), settings.preview, {folder.preview(id)}},
          {folder.frames(id), settings.keep_frames, std::move(frames)},
          {folder.timings(id), false, {}}};
}

void remove_artifacts(const RunFolder& folder, const Request& request) {
  std::error_code ignored;
  for (const Artifact& artifact : artifacts_of(folder, request, {})) {
    if (artifact.path == folder.frames(request.id)) {
      std::filesystem::remove_all(artifact.path, ignored);
    } else {
      std::filesystem::remove(artifact.path, ignored);
    }
  }
}

}  // namespace orrery
