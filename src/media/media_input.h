#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "media/ffmpeg.h"

namespace orrery {

// An image or a media file, opened: no other file is, whatever it names. Everything throws InputError that names the
// file. Internal to media/.
class MediaInput {
 public:
  explicit MediaInput(const std::filesystem::path& path);

  const std::string& path() const { return path_; }
  AVFormatContext& demuxer() const { return *demuxer_; }
  // Passes on a status that is no failure.
  int check(int status, std::string_view what) const;
  // The best stream of that type, and packets of it alone from now on; null: there is none.
  AVStream* select(AVMediaType type) const;
  // One thread; what is damaged fails.
  ffmpeg::Codec open_decoder(const AVStream& stream) const;

 private:
  std::string path_;
  ffmpeg::File file_;
  ffmpeg::Demuxer demuxer_;
};

}  // namespace orrery
