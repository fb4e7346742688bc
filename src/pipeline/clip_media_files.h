#pragma once

#include <ATen/ATen.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/core/error.h"
#include "base/core/file.h"
#include "io/media/rgb_image.h"
#include "io/media/video_writer.h"
#include "pipeline/media_settings.h"
#include "pipeline/run_folder.h"
#include "pipeline/video_decode.h"

namespace orrery {

// What a clip's files say of it.
struct ClipLabel {
  std::string id;
  std::string prompt;
  std::string seed;
  std::string model;
  std::string version;
  double fps = 24;
  std::string latents;  // the checksum of what they are made from; "": not known yet, see made_from()
};

// Pixels, and how many pictures there are.
struct PictureSize {
  int width = 0;
  int height = 0;
  std::int64_t frames = 0;
};

// A clip's finished media may not be kept: the reason.
class ClipRefused : public Error {
 public:
  using Error::Error;
};

// A clip's latent file could not be written: the reason.
class LatentsNotSaved : public Error {
 public:
  using Error::Error;
};

// Decides on a clip's finished file, an mp4 or a picture under its temporary name, in a thread of any kind. Throws
// ClipRefused when nothing of the clip may be kept, and Error when it cannot tell; the file does not appear then.
// `given_up`: whether nobody waits for the answer any more.
using MediaCheck = std::function<void(const std::string& id, const std::filesystem::path& file,
                                      const std::function<bool()>& given_up)>;

// A clip's media files while they are made, on one rank; each of them says which latents it is made from. The mp4, or
// the picture that a clip of one frame is, appears with finish(), or not at all; frames appear one by one, and those of
// an earlier making go. All functions throw what the writers throw.
class ClipMediaFiles {
 public:
  // `check`: of the mp4 or the picture; empty: none.
  ClipMediaFiles(const ClipLabel& label, PictureSize size, bool sound, const RunFolder& folder,
                 const MediaSettings& settings, MediaCheck check = {});

  // The next part of the waveform (2, samples), float32 on the CPU, 48 kHz, before its frames. With keep_frames all of
  // it is held until finish(): 384 kB a second.
  void write_sound(const at::Tensor& waveform);
  // Bytes (frames, H, W, 3) on the CPU.
  void write_frames(const at::Tensor& rgb);
  // The last frames, which the device may still be at: finish() waits for them.
  void write_frames_at_end(FrameDownload last);
  // The checksum of what they are made from, where the label did not say. Before finish(); not with keep_frames, whose
  // frames say it as they are written.
  void made_from(std::string latents) { label_.latents = std::move(latents); }
  // finish() waits for the latent file first. Throws LatentsNotSaved there when `saving` throws.
  void finish_after(std::future<void> saving);
  // Waits for what it was given to wait for, and for the encoder. The files made, relative to OUT.
  std::vector<std::string> finish();
  // From any thread: finish(), under way or to come, throws as soon as it can, unless the mp4 is complete already.
  void give_up();

 private:
  bool is_picture() const { return size_.frames == 1; }
  void wait_for_parts();
  void write_picture(const FileCheck& check) const;

  ClipLabel label_;
  PictureSize size_;
  RunFolder folder_;
  MediaSettings settings_;
  MediaCheck check_;
  bool has_sound_;
  std::atomic<bool> given_up_ = false;
  std::int64_t frames_ = 0;   // written
  std::vector<float> sound_;  // for the WAV file
  std::optional<VideoWriter> video_;
  std::optional<ContactSheet> sheet_;
  std::vector<std::uint8_t> picture_;  // of a clip of one frame
  std::optional<FrameDownload> last_frames_;
  std::future<void> saving_;  // invalid: nothing to wait for
};

// How a clip's files ended.
struct MediaEnd {
  std::vector<std::string> files;  // relative to OUT
  std::string error;               // empty: none
  bool refused = false;            // by MediaCheck; `error` says why
  bool unsaved = false;            // the latent file is not there; `error` says why
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
