#pragma once

#include <cstdint>
#include <filesystem>

#include "base/core/choice.h"
#include "pipeline/clip_media_files.h"
#include "pipeline/vae_split.h"

namespace orrery {

enum class Media { Mp4, None };

constexpr auto choices(Media) {
  return std::array{Choice<Media>{"mp4", Media::Mp4}, Choice<Media>{"none", Media::None}};
}

// What a run leaves in OUT, and how it makes that.
struct OutputOptions {
  std::filesystem::path folder;  // OUT; Encode: the latent file
  Media media = Media::Mp4;
  int crf = 18;
  bool keep_frames = false;  // PNG frames and a WAV as well
  bool previews = false;     // some frames of each clip in one PNG
  bool timings = false;      // each clip's phases and steps in a file
  VaeSplit vae_split = VaeSplit::Exact;
  bool force = false;                // makes clips again that are there
  std::int64_t snapshot_every = 10;  // steps; 0: only where a run stops

  MediaSettings media_settings() const {
    MediaSettings settings;
    settings.mp4 = media == Media::Mp4;
    settings.keep_frames = keep_frames;
    settings.preview = previews;
    settings.crf = crf;
    return settings;
  }
};

}  // namespace orrery
