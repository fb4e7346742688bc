#include "media/media_input.h"

#include <span>
#include <vector>

#include "core/error.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;

constexpr int kMostPixels = 1 << 26;

const fs::path& require_file(const fs::path& path) {
  std::error_code ignored;
  const std::string name = path.string();
  require_input(fs::exists(path, ignored), name + ": no such file");
  require_input(!fs::is_directory(path, ignored), name + ": is a folder, expected an image or a video");
  require_input(fs::is_regular_file(path, ignored), name + ": not a file, expected an image or a video");
  require_input(fs::file_size(path, ignored) > 0, name + ": is empty, expected an image or a video");
  return path;
}

int check_input(int status, const std::string& path, std::string_view what) {
  if (status >= 0) return status;
  throw InputError(path + ": " + std::string(what) + ": " + ffmpeg::reason(status) +
                   "; expected a whole image or video of at most " + std::to_string(kMostPixels) + " pixels a frame");
}

ffmpeg::File open_file(const std::string& path) {
  ffmpeg::capture_log();
  ffmpeg::take_log_line();
  AVIOContext* file = nullptr;
  check_input(avio_open(&file, ("file:" + path).c_str(), AVIO_FLAG_READ), path, "cannot be opened");
  return ffmpeg::File(file);
}

// Playlists and the like would name other files, or addresses in the network.
int refuse_other_files(AVFormatContext*, AVIOContext**, const char*, int, AVDictionary**) { return AVERROR(EPERM); }

void find_streams(AVFormatContext& demuxer, const std::string& path) {
  std::vector<AVDictionary*> options(demuxer.nb_streams);
  for (AVDictionary*& each : options) av_dict_set_int(&each, "max_pixels", kMostPixels, 0);
  const int status = avformat_find_stream_info(&demuxer, options.data());
  for (AVDictionary*& each : options) av_dict_free(&each);
  check_input(status, path, "cannot be read");
}

// The name is kept from FFmpeg: it would take parts of it for patterns and protocols.
ffmpeg::Demuxer open_demuxer(AVIOContext* file, const std::string& path) {
  AVFormatContext* context = ffmpeg::check(avformat_alloc_context(), "make a demuxer");
  context->pb = file;
  context->io_open = refuse_other_files;
  const int status = avformat_open_input(&context, nullptr, nullptr, nullptr);
  ffmpeg::Demuxer demuxer(context);
  check_input(status, path, "not an image or a video");
  find_streams(*demuxer, path);
  return demuxer;
}

}  // namespace

MediaInput::MediaInput(const fs::path& path)
    : path_(require_file(path).string()), file_(open_file(path_)), demuxer_(open_demuxer(file_.get(), path_)) {}

int MediaInput::check(int status, std::string_view what) const { return check_input(status, path_, what); }

AVStream* MediaInput::select(AVMediaType type) const {
  const int index = av_find_best_stream(demuxer_.get(), type, -1, -1, nullptr, 0);
  if (index < 0) return nullptr;
  for (AVStream* stream : std::span(demuxer_->streams, demuxer_->nb_streams)) {
    if (stream->index != index) stream->discard = AVDISCARD_ALL;
  }
  return demuxer_->streams[index];
}

ffmpeg::Codec MediaInput::open_decoder(const AVStream& stream) const {
  const AVCodecID id = stream.codecpar->codec_id;
  const AVCodec* decoder = avcodec_find_decoder(id);
  require_input(decoder != nullptr, path_ + ": this FFmpeg cannot decode " + avcodec_get_name(id));
  ffmpeg::Codec codec(ffmpeg::check(avcodec_alloc_context3(decoder), "make a decoder"));
  check(avcodec_parameters_to_context(codec.get(), stream.codecpar), "cannot be read");
  codec->pkt_timebase = stream.time_base;
  codec->max_pixels = kMostPixels;
  codec->err_recognition = AV_EF_CRCCHECK | AV_EF_BITSTREAM | AV_EF_BUFFER;
  // The TIFF decoder would refuse any tag that it does not know; of damage it writes in the log.
  if (id != AV_CODEC_ID_TIFF) codec->err_recognition |= AV_EF_EXPLODE;
  codec->thread_count = 1;  // what a decoder logs is seen in the thread that it runs in
  check(avcodec_open2(codec.get(), decoder, nullptr), "cannot be decoded");
  return codec;
}

}  // namespace orrery
