#include "io/media/frame_source.h"

#include <fmt/format.h>

extern "C" {
#include <libavutil/dovi_meta.h>
#include <libavutil/pixdesc.h>
}

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "base/core/error.h"
#include "base/core/numbers.h"
#include "io/media/still.h"

namespace orrery {
namespace {

AVStream* picture_of(const MediaInput& input) {
  AVStream* const stream = input.select(AVMEDIA_TYPE_VIDEO);
  require_input(stream != nullptr, input.path() + ": has no picture, expected an image or a video");
  return stream;
}

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

constexpr double kMostGuessedFps = 240;  // above it, the average is more plausible
constexpr double kMostFps = 1000;        // a frame may last a minute: limits its repetitions

// VP8 and VP9 store alpha in a second bitstream, which FFmpeg's own decoders ignore.
bool has_hidden_alpha(const AVStream& stream, const AVFrame& frame) {
  const AVDictionaryEntry* mode = av_dict_get(stream.metadata, "alpha_mode", nullptr, 0);
  const AVPixFmtDescriptor* format = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame.format));
  return mode != nullptr && std::string_view(mode->value) == "1" && (format->flags & AV_PIX_FMT_FLAG_ALPHA) == 0;
}

// Whether the video is Dolby Vision without a base layer: profile 5 uses Dolby's own colour space, which no tag names.
bool is_dolby_alone(const AVStream& stream) {
  constexpr int kAlone = 5;
  const auto* dolby = reinterpret_cast<const AVDOVIDecoderConfigurationRecord*>(
      av_stream_get_side_data(&stream, AV_PKT_DATA_DOVI_CONF, nullptr));
  return dolby != nullptr && dolby->dv_profile == kAlone;
}

// Whether a player rotates the pictures by 90 degrees.
bool lies_on_its_side(const AVStream& stream) {
  const auto* matrix =
      reinterpret_cast<const std::int32_t*>(av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, nullptr));
  return matrix != nullptr && std::abs(double{1} * matrix[1]) > std::abs(double{1} * matrix[0]);
}

// Whether a frame is interlaced. FFmpeg also marks PNGs that are stored in seven passes, whose pixels are not
// interlaced.
bool is_interlaced(const AVStream& stream, const AVFrame& frame) {
  const AVCodecID codec = stream.codecpar->codec_id;
  return frame.interlaced_frame != 0 && codec != AV_CODEC_ID_PNG && codec != AV_CODEC_ID_APNG;
}

}  // namespace

FrameSource::FrameSource(const std::filesystem::path& path)
    : input_(path),
      stream_(picture_of(input_)),
      codec_(input_.open_decoder(*stream_)),
      packet_(ffmpeg::check(av_packet_alloc(), "make a packet")),
      frame_(ffmpeg::check(av_frame_alloc(), "make a video frame")) {}

AVFrame* FrameSource::next() {
  while (true) {
    const int status = avcodec_receive_frame(codec_.get(), frame_.get());
    if (status == AVERROR_EOF) return nullptr;
    if (status != AVERROR(EAGAIN)) {
      input_.check(status, "cannot be decoded");
      require_input(frame_->decode_error_flags == 0 && (frame_->flags & AV_FRAME_FLAG_CORRUPT) == 0,
                    input_.path() + ": a picture is damaged");
      require_shown(*frame_);
      return frame_.get();
    }
    feed_decoder();
  }
}

Untagged FrameSource::untagged() const {
  const std::string_view format = input_.demuxer().iformat->name;
  return is_image() || is_one_of(format, {"gif", "apng", "mjpeg"}) ? Untagged::Image : Untagged::Video;
}

bool FrameSource::is_image() const {
  const std::string_view format = input_.demuxer().iformat->name;
  return format.ends_with("_pipe") || format == "ico";
}

Fraction FrameSource::fps() const {
  AVRational rate = av_guess_frame_rate(&input_.demuxer(), stream_, nullptr);
  if (av_q2d(rate) > kMostGuessedFps && stream_->avg_frame_rate.num > 0) rate = stream_->avg_frame_rate;
  require_input(rate.num > 0 && rate.den > 0, input_.path() + ": has no frame rate");
  require_input(av_q2d(rate) <= kMostFps, fmt::format("{}: has {:f} frames a second, expected at most {:f}",
                                                      input_.path(), av_q2d(rate), kMostFps));
  return {rate.num, rate.den};
}

VideoFacts FrameSource::facts() const {
  const AVCodecParameters& stored = *stream_->codecpar;
  VideoFacts facts{stored.width, stored.height, 0, fps()};
  const double aspect = av_q2d(av_guess_sample_aspect_ratio(&input_.demuxer(), stream_, nullptr));
  if (aspect > 1) facts.width = static_cast<int>(std::lround(facts.width * aspect));
  if (aspect > 0 && aspect < 1) facts.height = static_cast<int>(std::lround(facts.height / aspect));
  if (lies_on_its_side(*stream_)) std::swap(facts.width, facts.height);
  const bool own = stream_->duration != AV_NOPTS_VALUE;
  const std::int64_t duration = own ? stream_->duration : input_.demuxer().duration;
  const AVRational unit = own ? stream_->time_base : AVRational{1, AV_TIME_BASE};
  if (duration > 0) facts.frames = av_rescale_q(duration, unit, {facts.fps.denominator, facts.fps.numerator});
  return facts;
}

AVRational FrameSource::pixel_aspect(const AVFrame& frame) const {
  return av_guess_sample_aspect_ratio(&input_.demuxer(), stream_, const_cast<AVFrame*>(&frame));
}

void FrameSource::feed_decoder() {
  do {
    av_packet_unref(packet_.get());
    const int status = av_read_frame(&input_.demuxer(), packet_.get());
    if (status == AVERROR_EOF) {
      require_all_packets();
      input_.check(avcodec_send_packet(codec_.get(), nullptr), "cannot be decoded");
      return;
    }
    input_.check(status, "cannot be read");
  } while (packet_->stream_index != stream_->index);
  ++packets_;
  require_whole_picture();
  input_.check(avcodec_send_packet(codec_.get(), packet_.get()), "cannot be decoded");
}

void FrameSource::require_whole_picture() const {
  const bool jpeg_file = is_one_of(input_.demuxer().iformat->name, {"jpeg_pipe", "mjpeg"});
  const std::span bytes(packet_->data, static_cast<std::size_t>(packet_->size));
  const bool whole = (packet_->flags & AV_PKT_FLAG_CORRUPT) == 0 && (!jpeg_file || jpeg_length(bytes) > 0);
  require_input(whole, fmt::format("{}: cut short: picture {} ends early", input_.path(), packets_));
}

void FrameSource::require_shown(const AVFrame& frame) const {
  require_input(!is_interlaced(*stream_, frame),
                input_.path() + ": its frames are interlaced: deinterlace it first (ffmpeg -i FILE -vf bwdif …)");
  require_input(
      !has_hidden_alpha(*stream_, frame),
      input_.path() + ": its alpha channel cannot be read: save it without, over the background that you want");
  require_input(!is_dolby_alone(*stream_),
                input_.path() + ": Dolby Vision of profile 5, which is not read: convert it to BT.709");
}

void FrameSource::require_all_packets() const {
  // The number of packets that the index promises: the smaller count, since an edit list may skip packets; 0 for
  // formats without an index.
  const std::int64_t promised = std::min<std::int64_t>(stream_->nb_frames, avformat_index_get_entries_count(stream_));
  require_input(packets_ >= promised,
                fmt::format("{}: cut short: has {} of {}", input_.path(), packets_, count_text(promised, "frame")));
}

}  // namespace orrery
