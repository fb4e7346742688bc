#include "media/frame_source.h"

#include <algorithm>
#include <span>

#include "core/error.h"
#include "media/jpeg_end.h"

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
      return frame_.get();
    }
    feed_decoder();
  }
}

Untagged FrameSource::untagged() const {
  const std::string_view format = input_.demuxer().iformat->name;
  return format.ends_with("_pipe") || is_one_of(format, {"gif", "apng", "ico", "mjpeg"}) ? Untagged::Image
                                                                                         : Untagged::Video;
}

Fraction FrameSource::fps() const {
  const AVRational rate = av_guess_frame_rate(&input_.demuxer(), stream_, nullptr);
  require_input(rate.num > 0 && rate.den > 0, input_.path() + ": has no frame rate");
  return {rate.num, rate.den};
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
  const bool whole = (packet_->flags & AV_PKT_FLAG_CORRUPT) == 0 && (!jpeg_file || has_jpeg_end(bytes));
  require_input(whole, input_.path() + ": cut short: picture " + std::to_string(packets_) + " ends early");
}

void FrameSource::require_all_packets() const {
  // An edit list may leave out packets, so the smaller count is the promised one; formats without an index promise
  // none.
  const std::int64_t promised = std::min<std::int64_t>(stream_->nb_frames, avformat_index_get_entries_count(stream_));
  require_input(packets_ >= promised, input_.path() + ": cut short: has " + std::to_string(packets_) + " of " +
                                          std::to_string(promised) + " frames");
}

}  // namespace orrery
