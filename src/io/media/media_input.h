#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/core/error.h"
#include "io/media/ffmpeg.h"

namespace orrery {

// Checks a path before a picture or video is opened by name, and returns it. Throws InputError that names the file when
// it is empty or when open_input() (core/file.h) would refuse it: a folder, FIFO, device, loop of links.
const std::filesystem::path& require_media_file(const std::filesystem::path& path);

constexpr int kMostPixels = 1 << 26;  // in a picture or frame

// Throws InputError, without a file name, for a picture without pixels or with more than kMostPixels.
void require_pixels(std::int64_t width, std::int64_t height);

// Makes a decoder that uses one thread and fails at damage instead of concealing it; it is not opened yet. Throws
// InputError, without a file name, when this FFmpeg has no such decoder.
ffmpeg::Codec make_decoder(AVCodecID id);

// An opened image or media file. Other files that it refers to are never opened. All members throw InputError that
// names the file. Internal to media/.
class MediaInput {
 public:
  explicit MediaInput(const std::filesystem::path& path);

  const std::string& path() const { return path_; }
  AVFormatContext& demuxer() const { return *demuxer_; }
  // Returns `status` unless it is a failure.
  int check(int status, std::string_view what) const;
  // Selects the best stream of `type`, so that from now on only its packets are read. Null when there is none. The
  // cover picture of a sound file does not count as a video stream.
  AVStream* select(AVMediaType type) const;
  // Opens a decoder made by make_decoder().
  ffmpeg::Codec open_decoder(const AVStream& stream) const;

 private:
  std::string path_;
  ffmpeg::File file_;
  ffmpeg::Demuxer demuxer_;
};

// Returns read(). When it throws an InputError that does not begin with `name`, throws "NAME: …" instead. Internal to
// media/.
template <class Read>
auto with_file_name(const std::string& name, const Read& read) {
  try {
    return read();
  } catch (const InputError& error) {
    const std::string reason = error.what();
    throw InputError(reason.starts_with(name) ? reason : name + ": " + reason);
  }
}

}  // namespace orrery
