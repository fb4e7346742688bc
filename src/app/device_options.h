#pragma once

#include <ATen/ATen.h>

#include "app/options.h"
#include "pipeline/clip_media_files.h"

namespace orrery {

// --dtype on `device`.
inline at::ScalarType compute_dtype(Dtype dtype, at::Device device) {
  if (dtype == Dtype::Auto) return device.is_cuda() ? at::kBFloat16 : at::kFloat;
  return dtype == Dtype::Float32 ? at::kFloat : at::kBFloat16;
}

// --media, --keep-frames, --preview and --crf.
inline MediaSettings media_settings_of(const Options& options) {
  MediaSettings settings;
  settings.mp4 = options.media == Media::Mp4;
  settings.keep_frames = options.keep_frames;
  settings.preview = options.previews;
  settings.crf = options.crf;
  return settings;
}

}  // namespace orrery
