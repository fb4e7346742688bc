#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "io/media/ffmpeg.h"

namespace orrery {

// Whoever opens a picture or a video by its name calls this first. Throws InputError that names the file where
// open_input (core/file.h) would not open it (a folder, FIFO, device, loop of links), and where it is empty. Returns
// the path.
const std::filesystem::path& require_media_file(const std::filesystem::path& path);

// Throws InputError that names the file where its header is that of no media format, or of one without pictures. Reads
// nothing behind the header, but an index.
void require_media_header(const std::filesystem::path& path);

constexpr int kMostPixels = 1 << 26;  // of a picture or frame

// Throws InputError, without a file's name, for a picture of no pixels or of more than are read.
void require_pixels(std::int64_t width, std::int64_t height);

// A decoder, not opened yet: one thread; what is damaged fails. Throws InputError, without a file's name, where this
// FFmpeg has none.
ffmpeg::Codec make_decoder(AVCodecID id);

// An image or a media file, opened: no other file is, whatever it names. Everything throws InputError that names the
// file. Internal to media/.
class MediaInput {
 public:
  explicit MediaInput(const std::filesystem::path& path);

  const std::string& path() const { return path_; }
  AVFormatContext& demuxer() const { return *demuxer_; }
  // Passes on a status that is no failure.
  int check(int status, std::string_view what) const;
  // The best stream of that type, and packets of it alone from now on; null: there is none. A sound file's cover is
  // none.
  AVStream* select(AVMediaType type) const;
  // One thread; what is damaged fails.
  ffmpeg::Codec open_decoder(const AVStream& stream) const;

 private:
  std::string path_;
  ffmpeg::File file_;
  ffmpeg::Demuxer demuxer_;
};

}  // namespace orrery
