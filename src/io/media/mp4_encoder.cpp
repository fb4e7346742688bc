#include "io/media/mp4_encoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "base/core/error.h"
#include "io/media/video_format.h"

namespace orrery {
namespace {

AVStream* add_stream(AVFormatContext& muxer, const AVCodecContext& codec) {
  AVStream* stream = ffmpeg::check(avformat_new_stream(&muxer, nullptr), "add a stream");
  stream->time_base = codec.time_base;
  stream->avg_frame_rate = codec.framerate;
  ffmpeg::check(avcodec_parameters_from_context(stream->codecpar, &codec), "describe a stream");
  return stream;
}

constexpr std::int64_t kBitRate = 192'000;

ffmpeg::Codec make_codec() {
  const AVCodec* aac = avcodec_find_encoder_by_name("aac");
  require(aac != nullptr, "this FFmpeg has no AAC encoder: install one that has, or make clips without sound");
  ffmpeg::Codec codec(ffmpeg::check(avcodec_alloc_context3(aac), "make an AAC encoder"));
  codec->sample_fmt = AV_SAMPLE_FMT_FLTP;
  codec->sample_rate = kSoundRate;
  codec->time_base = {1, kSoundRate};
  codec->bit_rate = kBitRate;
  codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER | AV_CODEC_FLAG_BITEXACT;
  av_channel_layout_default(&codec->ch_layout, kSoundChannels);
  ffmpeg::check(avcodec_open2(codec.get(), aac, nullptr), "start an AAC encoder");
  return codec;
}

ffmpeg::Frame make_block() {
  ffmpeg::Frame block(ffmpeg::check(av_frame_alloc(), "make a sound frame"));
  block->format = AV_SAMPLE_FMT_FLTP;
  block->sample_rate = kSoundRate;
  block->nb_samples = SoundEncoder::kBlock;
  av_channel_layout_default(&block->ch_layout, kSoundChannels);
  ffmpeg::check(av_frame_get_buffer(block.get(), 0), "make a sound frame");
  return block;
}

// Splits the channels into one plane each, and fills the rest of the block with silence.
void fill(AVFrame& block, std::span<const float> interleaved) {
  for (std::size_t channel = 0; channel < kSoundChannels; ++channel) {
    auto* plane = reinterpret_cast<float*>(block.data[channel]);
    for (std::size_t i = 0; i < static_cast<std::size_t>(block.nb_samples); ++i) {
      const std::size_t at = i * kSoundChannels + channel;
      plane[i] = at < interleaved.size() ? interleaved[at] : 0.0F;
    }
  }
}

void add_metadata(AVFormatContext& muxer, const VideoMetadata& metadata) {
  for (const auto& [key, value] : metadata) {
    ffmpeg::check(av_dict_set(&muxer.metadata, key.c_str(), value.c_str(), 0), "set metadata " + key);
  }
}

ffmpeg::Muxer make_muxer(const std::filesystem::path& path, const VideoFormat& format) {
  // Without "file:", the beginning of a name such as 2026-11-29T14:30:00/a.mp4 would be read as a protocol.
  const std::string url = "file:" + path.string();
  AVFormatContext* context = nullptr;
  ffmpeg::check(avformat_alloc_output_context2(&context, nullptr, "mp4", url.c_str()), "make an mp4 file");
  ffmpeg::Muxer muxer(context);
  muxer->flags |= AVFMT_FLAG_BITEXACT;
  muxer->max_interleave_delta = 0;  // 0: video packets wait for the sound without a limit
  add_metadata(*muxer, format.metadata);
  ffmpeg::check(avio_open(&muxer->pb, url.c_str(), AVIO_FLAG_WRITE), "create " + path.string());
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

bool has_avx512() {
#ifdef __x86_64__
  return __builtin_cpu_supports("avx512f") != 0;
#else
  return false;
#endif
}

// Turns AVX-512 off: with it, x264's macroblock tree reads uninitialized memory (version 164), so that the same frames
// give different files. Its AVX2 code does not.
void keep_to_what_was_written(AVCodecContext& codec) {
  if (!has_avx512()) return;
  ffmpeg::check(av_opt_set(codec.priv_data, "x264-params", "asm=avx2", 0), "choose an H.264 encoder's instructions");
}

ffmpeg::Codec make_codec(const VideoFormat& format) {
  const AVCodec* x264 = avcodec_find_encoder_by_name("libx264");
  require(x264 != nullptr, "this FFmpeg has no libx264 encoder: install one that has, or write no video");
  ffmpeg::Codec codec(ffmpeg::check(avcodec_alloc_context3(x264), "make an H.264 encoder"));
  describe_picture(*codec, format);
  codec->thread_count = format.threads;
  codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER | AV_CODEC_FLAG_BITEXACT;
  ffmpeg::check(av_opt_set_double(codec->priv_data, "crf", format.crf, 0), fmt::format("set crf {}", format.crf));
  keep_to_what_was_written(*codec);
  ffmpeg::check(avcodec_open2(codec.get(), x264, nullptr),
                fmt::format("start an H.264 encoder for {}x{}", format.width, format.height));
  return codec;
}

void write_header(AVFormatContext& muxer, bool sound) {
  AVDictionary* options = nullptr;
  av_dict_set(&options, "movflags", "+faststart+use_metadata_tags", 0);
  // The edit list that hides AAC's priming samples uses this time scale.
  if (sound) av_dict_set_int(&options, "movie_timescale", kSoundRate, 0);
  const int status = avformat_write_header(&muxer, &options);
  av_dict_free(&options);
  ffmpeg::check(status, "write the header of an mp4 file");
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
    // x264 sets no duration, without which the last frame would have length 0.
    if (packet_->duration == 0) packet_->duration = 1;
    av_packet_rescale_ts(packet_.get(), codec_->time_base, stream_->time_base);
    packet_->stream_index = stream_->index;
    ffmpeg::check(av_interleaved_write_frame(&muxer_, packet_.get()), "write what " + name + " made");
  }
}

SoundEncoder::SoundEncoder(AVFormatContext& muxer) : track_(muxer, make_codec()) {}

void SoundEncoder::encode(std::span<const float> interleaved, std::int64_t count) {
  const ffmpeg::Frame block = make_block();
  for (std::int64_t start = 0; start < count; start += kBlock) {
    ffmpeg::check(av_frame_make_writable(block.get()), "make a sound frame");
    block->nb_samples = static_cast<int>(std::min<std::int64_t>(kBlock, count - start));
    block->pts = encoded_;
    encoded_ += block->nb_samples;
    fill(*block, interleaved.subspan(std::min(static_cast<std::size_t>(start) * kSoundChannels, interleaved.size())));
    track_.encode(block.get());
  }
}

Mp4Encoder::Mp4Encoder(const std::filesystem::path& path, const VideoFormat& format)
    : converter_(format.width, format.height),
      fps_(format.fps),
      muxer_(make_muxer(path, format)),
      video_(*muxer_, make_codec(format)) {
  if (format.sound) sound_.emplace(*muxer_);
  write_header(*muxer_, format.sound);
}

void Mp4Encoder::encode(std::span<const std::uint8_t> rgb) {
  AVFrame* frame = converter_.convert(rgb);
  frame->pts = frames_++;
  video_.encode(frame);
}

std::int64_t Mp4Encoder::missing_sound() const {
  return av_rescale(frames_, std::int64_t{kSoundRate} * fps_.denominator, fps_.numerator) - sound_.value().encoded();
}

std::size_t Mp4Encoder::encode_sound(std::span<const float> interleaved) {
  const std::int64_t samples = std::min(missing_sound(), std::ssize(interleaved) / kSoundChannels);
  const std::int64_t whole = samples / SoundEncoder::kBlock * SoundEncoder::kBlock;
  sound_->encode(interleaved, whole);
  return static_cast<std::size_t>(whole) * kSoundChannels;
}

void Mp4Encoder::finish_sound(std::span<const float> interleaved) {
  sound_.value().encode(interleaved, missing_sound());
  sound_->finish();
}

void Mp4Encoder::finish(const VideoMetadata& more) {
  video_.encode(nullptr);
  add_metadata(*muxer_, more);  // the mp4 muxer writes metadata with the index
  ffmpeg::check(av_write_trailer(muxer_.get()), "write the index of an mp4 file");
  ffmpeg::check(avio_closep(&muxer_->pb), "close an mp4 file");
}

}  // namespace orrery
