#include "io/media/track.h"

#include <string>
#include <utility>

namespace orrery {
namespace {

AVStream* add_stream(AVFormatContext& muxer, const AVCodecContext& codec) {
  AVStream* stream = ffmpeg::check(avformat_new_stream(&muxer, nullptr), "add a stream");
  stream->time_base = codec.time_base;
  stream->avg_frame_rate = codec.framerate;
  ffmpeg::check(avcodec_parameters_from_context(stream->codecpar, &codec), "describe a stream");
  return stream;
}

}  // namespace

Track::Track(AVFormatContext& muxer, ffmpeg::Codec codec)
    : muxer_(muxer),
      codec_(std::move(codec)),
      stream_(add_stream(muxer, *codec_)),
      packet_(ffmpeg::check(av_packet_alloc(), "make a packet")) {}

void Track::encode(const AVFrame* frame) {
  const std::string name = codec_->codec->name;
  ffmpeg::check(avcodec_send_frame(codec_.get(), frame), "give a frame to " + name);
  while (true) {
    const int status = avcodec_receive_packet(codec_.get(), packet_.get());
    if (status == AVERROR(EAGAIN) || status == AVERROR_EOF) return;
    ffmpeg::check(status, "encode by " + name);
    // x264 leaves it out, and the last frame would last no time.
    if (packet_->duration == 0) packet_->duration = 1;
    av_packet_rescale_ts(packet_.get(), codec_->time_base, stream_->time_base);
    packet_->stream_index = stream_->index;
    ffmpeg::check(av_interleaved_write_frame(&muxer_, packet_.get()), "write what " + name + " made");
  }
}

}  // namespace orrery
