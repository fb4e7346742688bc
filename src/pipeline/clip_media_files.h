#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <future>
#include <memory>
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

// A clip's media files while they are made, on one rank; each of them says which latents it is made from. The mp4, or
// the picture that a clip of one frame is, appears with finish(), or not at all; frames appear one by one, and those of
// an earlier making go. All functions throw what the writers throw.
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
  bool is_picture() const { return size_.frames == 1; }
  void write_picture() const;

  ClipLabel label_;
  PictureSize size_;
  RunFolder folder_;
  MediaSettings settings_;
  std::int64_t frames_ = 0;  // written
  std::optional<VideoWriter> video_;
  std::optional<ContactSheet> sheet_;
  std::vector<std::uint8_t> picture_;  // of a clip of one frame
};

// How a clip's files ended.
struct MediaEnd {
  std::vector<std::string> files;  // relative to OUT
  std::string error;               // empty: none
  bool given_up = false;
};

// Finishes one clip's media files in a thread of its own, while the ranks make the next clip. For rank 0; one thread
// uses it. The destructor gives up what is not finished.
class MediaBacklog {
 public:
  MediaBacklog() = default;
  MediaBacklog(const MediaBacklog&) = delete;
  MediaBacklog& operator=(const MediaBacklog&) = delete;
  ~MediaBacklog();

  // Begins to finish `files` in the background. No other files may be under way.
  void start(std::unique_ptr<ClipMediaFiles> files);
  // Whether wait() would return at once.
  bool ready() const;
  // Waits for the end of what was started, and gives it up as soon as `give_up` is true.
  MediaEnd wait(const std::function<bool()>& give_up);

 private:
  std::unique_ptr<ClipMediaFiles> files_;
  std::future<std::vector<std::string>> finished_;
};

}  // namespace orrery
