#include "media/mp4_encoder.h"

#include <string>

#include "core/error.h"

namespace orrery {
namespace {

ffmpeg::Muxer make_muxer(const std::filesystem::path& path, const VideoFormat& format) {
  AVFormatContext* context = nullptr;
  ffmpeg::check(avformat_alloc_output_context2(&context, nullptr, "mp4", path.c_str()), "make an mp4 file");
  ffmpeg::Muxer muxer(context);
  muxer->flags |= AVFMT_FLAG_BITEXACT;
  for (const auto& [key, value] : format.metadata) {
    ffmpeg::check(av_dict_set(&muxer->metadata, key.c_str(), value.c_str(), 0), "set metadata " + key);
  }
  ffmpeg::check(avio_open(&muxer->pb, path.c_str(), AVIO_FLAG_WRITE), "create " + path.string());
  return muxer;
}

void describe_picture(AVCodecContext& codec, const VideoFormat& format) {
  codec.width = format.width;
  codec.height = format.height;
  codec.pix_fmt = AV_PIX_FMT_YUV420P;
  codec.time_base = {format.fps.denominator, format.fps.numerator};
  codec.framerate = {format.fps.numerator, format.fps.denominator};
  codec.sample_aspect_ratio = {1, 1};
  codec.color_range = AVCOL_RANGE_MPEG;
  codec.colorspace = AVCOL_SPC_BT709;
  codec.color_primaries = AVCOL_PRI_BT709;
  codec.color_trc = AVCOL_TRC_BT709;
  codec.chroma_sample_location = AVCHROMA_LOC_LEFT;
}

ffmpeg::Codec make_codec(const VideoFormat& format) {
  const AVCodec* x264 = avcodec_find_encoder_by_name("libx264");
  require(x264 != nullptr,
          "this FFmpeg has no libx264 encoder: install one that has, or write no video (--media none)");
  ffmpeg::Codec codec(ffmpeg::check(avcodec_alloc_context3(x264), "make an H.264 encoder"));
  describe_picture(*codec, format);
  codec->thread_count = format.threads;
  codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER | AV_CODEC_FLAG_BITEXACT;
  ffmpeg::check(av_opt_set_double(codec->priv_data, "crf", format.crf, 0), "set crf " + std::to_string(format.crf));
  ffmpeg::check(avcodec_open2(codec.get(), x264, nullptr),
                "start an H.264 encoder for " + std::to_string(format.width) + "x" + std::to_string(format.height));
  return codec;
}

AVStream* start_stream(AVFormatContext& muxer, const AVCodecContext& codec) {
  AVStream* stream = ffmpeg::check(avformat_new_stream(&muxer, nullptr), "add a video stream");
  stream->time_base = codec.time_base;
  stream->avg_frame_rate = codec.framerate;
  ffmpeg::check(avcodec_parameters_from_context(stream->codecpar, &codec), "describe the video stream");
  AVDictionary* options = nullptr;
  av_dict_set(&options, "movflags", "+faststart+use_metadata_tags", 0);
  const int status = avformat_write_header(&muxer, &options);
  av_dict_free(&options);
  ffmpeg::check(status, "write the header of an mp4 file");
  return stream;
}

}  // namespace

Mp4Encoder::Mp4Encoder(const std::filesystem::path& path, const VideoFormat& format)
    : converter_(format.width, format.height),
      muxer_(make_muxer(path, format)),
      codec_(make_codec(format)),
      stream_(start_stream(*muxer_, *codec_)),
      packet_(ffmpeg::check(av_packet_alloc(), "make a packet")) {}

void Mp4Encoder::encode(std::span<const std::uint8_t> rgb) {
  AVFrame* frame = converter_.convert(rgb);
  frame->pts = frames_++;
  ffmpeg::check(avcodec_send_frame(codec_.get(), frame), "encode frame " + std::to_string(frame->pts));
  write_packets();
}

void Mp4Encoder::finish() {
  ffmpeg::check(avcodec_send_frame(codec_.get(), nullptr), "end the video stream");
  write_packets();
  ffmpeg::check(av_write_trailer(muxer_.get()), "write the index of an mp4 file");
  ffmpeg::check(avio_closep(&muxer_->pb), "close an mp4 file");
}

void Mp4Encoder::write_packets() {
  while (true) {
    const int status = avcodec_receive_packet(codec_.get(), packet_.get());
    if (status == AVERROR(EAGAIN) || status == AVERROR_EOF) return;
    ffmpeg::check(status, "encode video");
    packet_->duration = 1;  // of a frame: x264 leaves it out, and the last frame would last no time
    av_packet_rescale_ts(packet_.get(), codec_->time_base, stream_->time_base);
    packet_->stream_index = stream_->index;
    ffmpeg::check(av_interleaved_write_frame(muxer_.get(), packet_.get()), "write video");
  }
}

}  // namespace orrery
