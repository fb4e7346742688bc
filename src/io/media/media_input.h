#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/core/error.h"
#include "io/media/ffmpeg.h"

namespace orrery {

// Call this before opening a picture or a video by its name. Throws InputError that names the file where open_input
// (core/file.h) would not open it (a folder, FIFO, device, loop of links), and where it is empty. Returns the path.
const std::filesystem::path& require_media_file(const std::filesystem::path& path);

// Throws InputError that names the file unless its header is that of a media format with pictures. Reads only the
// header and the index.
void require_media_header(const std::filesystem::path& path);

constexpr int kMostPixels = 1 << 26;  // of a picture or frame

// Throws InputError, without a file's name, for a picture without pixels or with more than kMostPixels.
void require_pixels(std::int64_t width, std::int64_t height);

// A decoder that is not opened yet, with one thread, that fails at damage instead of concealing it. Throws InputError,
// without a file's name, where this FFmpeg has none.
ffmpeg::Codec make_decoder(AVCodecID id);

// An opened image or media file. Other files that it names are never opened. Everything throws InputError that names
// the file. Internal to media/.
class MediaInput {
 public:
  explicit MediaInput(const std::filesystem::path& path);

  const std::string& path() const { return path_; }
  AVFormatContext& demuxer() const { return *demuxer_; }
  // Returns `status` unless it is a failure.
  int check(int status, std::string_view what) const;
  // Selects the best stream of that type: from now on only its packets are read. Null when there is none. The cover of
  // a sound file is no video stream.
  AVStream* select(AVMediaType type) const;
  // An opened decoder as make_decoder() has it.
  ffmpeg::Codec open_decoder(const AVStream& stream) const;

 private:
  std::string path_;
  ffmpeg::File file_;
  ffmpeg::Demuxer demuxer_;
};

// Returns read(). Where `read` throws an InputError that does not begin with the file's name, throws "NAME: …" instead.
// Internal to media/.
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
