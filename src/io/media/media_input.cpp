#include "io/media/media_input.h"

#include <fmt/format.h>

#include <span>
#include <vector>

#include "base/core/error.h"
#include "base/core/file.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;

int check_input(int status, const std::string& path, std::string_view what) {
  if (status >= 0) return status;
  throw InputError(fmt::format("{}: {}: {}; expected a whole image or video of at most {} pixels a frame", path, what,
                               ffmpeg::reason(status), kMostPixels));
}

ffmpeg::File open_file(const std::string& path) {
  ffmpeg::set_up();
  ffmpeg::take_log_line();
  AVIOContext* file = nullptr;
  check_input(avio_open(&file, ("file:" + path).c_str(), AVIO_FLAG_READ), path, "cannot be opened");
  return ffmpeg::File(file);
}

void find_streams(AVFormatContext& demuxer, const std::string& path) {
  std::vector<AVDictionary*> options(demuxer.nb_streams);
  for (AVDictionary*& each : options) av_dict_set_int(&each, "max_pixels", kMostPixels, 0);
  const int status = avformat_find_stream_info(&demuxer, options.data());
  for (AVDictionary*& each : options) av_dict_free(&each);
  check_input(status, path, "cannot be read");
}

// FFmpeg does not get the file's name, since it would interpret parts of it as patterns and protocols.
ffmpeg::Demuxer open_demuxer(AVIOContext* file, const std::string& path) {
  AVFormatContext* context = ffmpeg::check(avformat_alloc_context(), "make a demuxer");
  context->pb = file;
  context->io_open = ffmpeg::refuse_other_files;
  const int status = avformat_open_input(&context, nullptr, nullptr, nullptr);
  ffmpeg::Demuxer demuxer(context);
  check_input(status, path, "not an image or a video");
  find_streams(*demuxer, path);
  return demuxer;
}

}  // namespace

const fs::path& require_media_file(const fs::path& path) {
  require_input(!is_folder(path), path.string() + ": is a folder, expected an image or a video");
  std::int64_t size = 0;
  open_input(path, &size);
  require_input(size > 0, path.string() + ": is empty, expected an image or a video");
  return path;
}

void require_pixels(std::int64_t width, std::int64_t height) {
  require_input(width > 0 && height > 0 && width <= kMostPixels / height,
                fmt::format("a picture of {}x{} pixels, expected at most {} pixels", width, height, kMostPixels));
}

ffmpeg::Codec make_decoder(AVCodecID id) {
  const AVCodec* decoder = avcodec_find_decoder(id);
  require_input(decoder != nullptr, std::string("this FFmpeg cannot decode ") + avcodec_get_name(id));
  ffmpeg::Codec codec(ffmpeg::check(avcodec_alloc_context3(decoder), "make a decoder"));
  codec->max_pixels = kMostPixels;
  codec->err_recognition = AV_EF_CRCCHECK | AV_EF_BITSTREAM | AV_EF_BUFFER | AV_EF_EXPLODE;
  codec->thread_count = 1;  // log lines are collected in the calling thread only
  return codec;
}

MediaInput::MediaInput(const fs::path& path)
    : path_(require_media_file(path).string()), file_(open_file(path_)), demuxer_(open_demuxer(file_.get(), path_)) {}

int MediaInput::check(int status, std::string_view what) const { return check_input(status, path_, what); }

AVStream* MediaInput::select(AVMediaType type) const {
  const std::span streams(demuxer_->streams, demuxer_->nb_streams);
  for (AVStream* stream : streams) {
    const bool cover = (stream->disposition & AV_DISPOSITION_ATTACHED_PIC) != 0;
    if (cover) stream->codecpar->codec_type = AVMEDIA_TYPE_UNKNOWN;  // so that it is not selected
  }
  const int index = av_find_best_stream(demuxer_.get(), type, -1, -1, nullptr, 0);
  if (index < 0) return nullptr;
  for (AVStream* stream : streams) {
    if (stream->index != index) stream->discard = AVDISCARD_ALL;
  }
  return demuxer_->streams[index];
}

ffmpeg::Codec MediaInput::open_decoder(const AVStream& stream) const {
  ffmpeg::Codec codec = with_file_name(path_, [&] { return make_decoder(stream.codecpar->codec_id); });
  check(avcodec_parameters_to_context(codec.get(), stream.codecpar), "cannot be read");
  codec->pkt_timebase = stream.time_base;
  check(avcodec_open2(codec.get(), nullptr, nullptr), "cannot be decoded");
  return codec;
}

}  // namespace orrery
