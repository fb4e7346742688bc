#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "io/media/rgb_image.h"
#include "io/media/video_writer.h"
#include "pipeline/media_settings.h"
#include "pipeline/run_folder.h"

namespace orrery {

// What a clip's files say of it.
struct ClipLabel {
  std::string id;
  std::string prompt;
  std::string seed;
  std::string model;
  std::string version;
  double fps = 24;
  std::string latents;  // the checksum of what they are made from
};

// Pixels, and how many pictures there are.
struct PictureSize {
  int width = 0;
  int height = 0;
  std::int64_t frames = 0;
};

// A clip's media files while they are made, on one rank; each of them says which latents it is made from. The mp4
// appears with finish(), or not at all; frames appear one by one, and those of an earlier making go. All functions
// throw what the writers throw.
class ClipMediaFiles {
 public:
  ClipMediaFiles(const ClipLabel& label, PictureSize size, bool sound, const RunFolder& folder,
                 const MediaSettings& settings);

  // The whole waveform (2, samples), float32 on the CPU, 48 kHz. Before the frames.
  void write_sound(const at::Tensor& waveform);
  // Bytes (frames, H, W, 3) on the CPU.
  void write_frames(const at::Tensor& rgb);
  // Waits for the encoder. The files made, relative to OUT.
  std::vector<std::string> finish();
  // From any thread: finish(), under way or to come, throws as soon as it can, unless the mp4 is complete already.
  void give_up();

 private:
  ClipLabel label_;
  PictureSize size_;
  RunFolder folder_;
  MediaSettings settings_;
  std::int64_t frames_ = 0;  // written
  std::optional<VideoWriter> video_;
  std::optional<ContactSheet> sheet_;
};

}  // namespace orrery
