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

// Metadata in a clip's media files.
struct ClipLabel {
  std::string id;
  std::string prompt;
  std::string seed;
  std::string model;
  std::string version;
  double fps = 24;
  std::string latents;  // checksum of the clip's latents; "": not known yet, see made_from()
};

// The size of a clip: pixels, and number of frames.
struct PictureSize {
  int width = 0;
  int height = 0;
  std::int64_t frames = 0;
};

// A check refused a clip's finished media; the message is the reason.
class ClipRefused : public Error {
 public:
  using Error::Error;
};

// A clip's latent file could not be written; the message is the reason.
class LatentsNotSaved : public Error {
 public:
  using Error::Error;
};

// Checks a clip's finished mp4 or picture under its temporary name, in any thread. Throws ClipRefused when nothing of
// the clip may be kept, and Error when it cannot decide; the file does not appear then. given_up() returns true once
// the answer is no longer needed.
using MediaCheck = std::function<void(const std::string& id, const std::filesystem::path& file,
                                      const std::function<bool()>& given_up)>;

// A clip's media files while they are made, on one rank; each file records the latents' checksum. The mp4, or the
// picture of a clip of one frame, appears in finish() or not at all; frames appear one by one and replace those of an
// earlier run. All functions throw what the writers throw.
class ClipMediaFiles {
 public:
  // `check` is called for the mp4 or the picture; it may be empty.
  ClipMediaFiles(const ClipLabel& label, PictureSize size, bool sound, const RunFolder& folder,
                 const MediaSettings& settings, MediaCheck check = {});

  // Appends a part of the waveform (2, samples), float32 on the CPU, 48 kHz. Call it before writing the frames of the
  // part. With keep_frames, all sound stays in memory until finish(): 384 kB for each second.
  void write_sound(const at::Tensor& waveform);
  // Appends frames (frames, H, W, 3) uint8 on the CPU.
  void write_frames(const at::Tensor& rgb);
  // Appends the last frames, which the device may still be computing: finish() waits for them.
  void write_frames_at_end(FrameDownload last);
  // Sets the latents' checksum if the label had none. Call it before finish(); not allowed with keep_frames, since
  // frames record the checksum when they are written.
  void made_from(std::string latents) { label_.latents = std::move(latents); }
  // Makes finish() wait for `saving`, the writing of the latent file, first, and throw LatentsNotSaved when that
  // throws.
  void finish_after(std::future<void> saving);
  // Waits for the latent file, the last frames and the encoder. Returns the files made, relative to OUT.
  std::vector<std::string> finish();
  // Makes finish(), under way or later, throw as soon as possible unless the mp4 is complete already. Any thread may
  // call it.
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
  std::int64_t frames_ = 0;   // frames written
  std::vector<float> sound_;  // for the WAV file
  std::optional<VideoWriter> video_;
  std::optional<ContactSheet> sheet_;
  std::vector<std::uint8_t> picture_;  // the frame of a clip of one frame
  std::optional<FrameDownload> last_frames_;
  std::future<void> saving_;  // invalid: no latent file to wait for
};

// How the making of a clip's media files ended.
struct MediaEnd {
  std::vector<std::string> files;  // relative to OUT
  std::string error;               // empty: none
  bool refused = false;            // MediaCheck refused the clip; `error` says why
  bool unsaved = false;            // the latent file was not written; `error` says why
  bool given_up = false;
};

// Finishes one clip's media files in a separate thread, while the ranks make the next clip. For rank 0; not
// thread-safe. The destructor gives up what is not finished.
class MediaBacklog {
 public:
  MediaBacklog() = default;
  MediaBacklog(const MediaBacklog&) = delete;
  MediaBacklog& operator=(const MediaBacklog&) = delete;
  ~MediaBacklog();

  // Starts to finish `files` in the background. No other files may be under way.
  void start(std::unique_ptr<ClipMediaFiles> files);
  // Whether wait() would return at once.
  bool ready() const;
  // Waits until the files are finished; gives them up as soon as give_up() returns true.
  MediaEnd wait(const std::function<bool()>& give_up);

 private:
  std::unique_ptr<ClipMediaFiles> files_;
  std::future<std::vector<std::string>> finished_;
};

}  // namespace orrery
