#include "media/frame_source.h"

#include <algorithm>
#include <span>
#include <vector>

#include "core/error.h"
#include "media/jpeg_end.h"

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

AVStream* select_stream(AVFormatContext& demuxer, const std::string& path) {
  const int index = av_find_best_stream(&demuxer, AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  require_input(index >= 0, path + ": has no picture, expected an image or a video");
  for (AVStream* stream : std::span(demuxer.streams, demuxer.nb_streams)) {
    if (stream->index != index) stream->discard = AVDISCARD_ALL;
  }
  return demuxer.streams[index];
}

ffmpeg::Codec open_decoder(const AVStream& stream, const std::string& path) {
  const AVCodecID id = stream.codecpar->codec_id;
  const AVCodec* decoder = avcodec_find_decoder(id);
  require_input(decoder != nullptr, path + ": this FFmpeg cannot decode " + avcodec_get_name(id));
  ffmpeg::Codec codec(ffmpeg::check(avcodec_alloc_context3(decoder), "make a decoder"));
  check_input(avcodec_parameters_to_context(codec.get(), stream.codecpar), path, "cannot be read");
  codec->pkt_timebase = stream.time_base;
  codec->max_pixels = kMostPixels;
  codec->err_recognition = AV_EF_CRCCHECK | AV_EF_BITSTREAM | AV_EF_BUFFER;
  // The TIFF decoder would refuse any tag that it does not know; of damage it writes in the log.
  if (id != AV_CODEC_ID_TIFF) codec->err_recognition |= AV_EF_EXPLODE;
  codec->thread_count = 1;  // what a decoder logs is seen in the thread that it runs in
  check_input(avcodec_open2(codec.get(), decoder, nullptr), path, "cannot be decoded");
  return codec;
}

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

FrameSource::FrameSource(const fs::path& path)
    : path_(require_file(path).string()),
      file_(open_file(path_)),
      demuxer_(open_demuxer(file_.get(), path_)),
      stream_(select_stream(*demuxer_, path_)),
      codec_(open_decoder(*stream_, path_)),
      packet_(ffmpeg::check(av_packet_alloc(), "make a packet")),
      frame_(ffmpeg::check(av_frame_alloc(), "make a video frame")) {}

AVFrame* FrameSource::next() {
  while (true) {
    const int status = avcodec_receive_frame(codec_.get(), frame_.get());
    if (status == AVERROR_EOF) return nullptr;
    if (status != AVERROR(EAGAIN)) {
      check(status, "cannot be decoded");
      require_input(frame_->decode_error_flags == 0 && (frame_->flags & AV_FRAME_FLAG_CORRUPT) == 0,
                    path_ + ": a picture is damaged");
      return frame_.get();
    }
    feed_decoder();
  }
}

Untagged FrameSource::untagged() const {
  const std::string_view format = demuxer_->iformat->name;
  return format.ends_with("_pipe") || is_one_of(format, {"gif", "apng", "ico", "mjpeg"}) ? Untagged::Image
                                                                                         : Untagged::Video;
}

Fraction FrameSource::fps() const {
  const AVRational rate = av_guess_frame_rate(demuxer_.get(), stream_, nullptr);
  require_input(rate.num > 0 && rate.den > 0, path_ + ": has no frame rate");
  return {rate.num, rate.den};
}

int FrameSource::check(int status, std::string_view what) const { return check_input(status, path_, what); }

void FrameSource::feed_decoder() {
  do {
    av_packet_unref(packet_.get());
    const int status = av_read_frame(demuxer_.get(), packet_.get());
    if (status == AVERROR_EOF) {
      require_all_packets();
      check(avcodec_send_packet(codec_.get(), nullptr), "cannot be decoded");
      return;
    }
    check(status, "cannot be read");
  } while (packet_->stream_index != stream_->index);
  ++packets_;
  require_whole_picture();
  check(avcodec_send_packet(codec_.get(), packet_.get()), "cannot be decoded");
}

void FrameSource::require_whole_picture() const {
  const bool jpeg_file = is_one_of(demuxer_->iformat->name, {"jpeg_pipe", "mjpeg"});
  const std::span bytes(packet_->data, static_cast<std::size_t>(packet_->size));
  const bool whole = (packet_->flags & AV_PKT_FLAG_CORRUPT) == 0 && (!jpeg_file || has_jpeg_end(bytes));
  require_input(whole, path_ + ": cut short: picture " + std::to_string(packets_) + " ends early");
}

void FrameSource::require_all_packets() const {
  // An edit list may leave out packets, so the smaller count is the promised one; formats without an index promise
  // none.
  const std::int64_t promised = std::min<std::int64_t>(stream_->nb_frames, avformat_index_get_entries_count(stream_));
  require_input(packets_ >= promised,
                path_ + ": cut short: has " + std::to_string(packets_) + " of " + std::to_string(promised) + " frames");
}

}  // namespace orrery
