#include "io/media/sound_encoder.h"

#include <algorithm>
#include <utility>

#include "base/core/error.h"
#include "io/media/video_format.h"

namespace orrery {
namespace {

constexpr std::int64_t kBitRate = 192'000;
constexpr int kBlock = 1024;  // AAC's frame, in samples a channel

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
  block->nb_samples = kBlock;
  av_channel_layout_default(&block->ch_layout, kSoundChannels);
  ffmpeg::check(av_frame_get_buffer(block.get(), 0), "make a sound frame");
  return block;
}

// Splits the channels, one plane each. Past the end of `interleaved` there is silence.
void fill(AVFrame& block, std::span<const float> interleaved) {
  for (std::size_t channel = 0; channel < kSoundChannels; ++channel) {
    auto* plane = reinterpret_cast<float*>(block.data[channel]);
    for (std::size_t i = 0; i < static_cast<std::size_t>(block.nb_samples); ++i) {
      const std::size_t at = i * kSoundChannels + channel;
      plane[i] = at < interleaved.size() ? interleaved[at] : 0.0F;
    }
  }
}

}  // namespace

SoundEncoder::SoundEncoder(AVFormatContext& muxer) : track_(muxer, make_codec()) {}

void SoundEncoder::encode(std::span<const float> interleaved, std::int64_t count) {
  const ffmpeg::Frame block = make_block();
  for (std::int64_t start = 0; start < count; start += kBlock) {
    ffmpeg::check(av_frame_make_writable(block.get()), "make a sound frame");
    block->nb_samples = static_cast<int>(std::min<std::int64_t>(kBlock, count - start));
    block->pts = start;
    fill(*block, interleaved.subspan(std::min(static_cast<std::size_t>(start) * kSoundChannels, interleaved.size())));
    track_.encode(block.get());
  }
  track_.encode(nullptr);
}

}  // namespace orrery
