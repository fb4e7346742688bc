#include "io/media/sound_reader.h"

#include <cstddef>
#include <limits>
#include <string>

#include "base/core/error.h"
#include "io/media/media_input.h"

namespace orrery {
namespace {

// One sample of a frame in numbers of T, whose channels lie apart or in turn.
template <class T>
float sample(const AVFrame& frame, bool apart, int channels, int channel, int i) {
  const auto* const plane = reinterpret_cast<const T*>(frame.extended_data[apart ? channel : 0]);
  const T value = plane[apart ? i : i * channels + channel];
  if constexpr (std::numeric_limits<T>::is_integer) {
    return static_cast<float>(value / -static_cast<double>(std::numeric_limits<T>::min()));
  } else {
    return static_cast<float>(value);
  }
}

using ReadSample = float (*)(const AVFrame& frame, bool apart, int channels, int channel, int i);

ReadSample reader_of(AVSampleFormat format, const std::string& path) {
  switch (av_get_packed_sample_fmt(format)) {
    case AV_SAMPLE_FMT_FLT:
      return sample<float>;
    case AV_SAMPLE_FMT_DBL:
      return sample<double>;
    case AV_SAMPLE_FMT_S16:
      return sample<std::int16_t>;
    case AV_SAMPLE_FMT_S32:
      return sample<std::int32_t>;
    default:
      throw InputError(path + ": its sound has samples of an unusual kind, expected 16 or 32 bits or floating point");
  }
}

class SoundSource {
 public:
  SoundSource(const MediaInput& input, const AVStream& stream)
      : input_(input),
        stream_(stream),
        codec_(input.open_decoder(stream)),
        packet_(ffmpeg::check(av_packet_alloc(), "make a packet")),
        frame_(ffmpeg::check(av_frame_alloc(), "make a sound frame")) {}

  Waveform read() {
    Waveform wave;
    while (next()) add(wave);
    return wave;
  }

 private:
  // False after the last frame.
  bool next() {
    while (true) {
      const int status = avcodec_receive_frame(codec_.get(), frame_.get());
      if (status == AVERROR_EOF) return false;
      if (status != AVERROR(EAGAIN)) return input_.check(status, "its sound cannot be decoded") >= 0;
      feed();
    }
  }

  void feed() {
    do {
      av_packet_unref(packet_.get());
      const int status = av_read_frame(&input_.demuxer(), packet_.get());
      if (status == AVERROR_EOF) {
        input_.check(avcodec_send_packet(codec_.get(), nullptr), "its sound cannot be decoded");
        return;
      }
      input_.check(status, "cannot be read");
    } while (packet_->stream_index != stream_.index);
    input_.check(avcodec_send_packet(codec_.get(), packet_.get()), "its sound cannot be decoded");
  }

  void add(Waveform& wave) const {
    const auto format = static_cast<AVSampleFormat>(frame_->format);
    const int channels = frame_->ch_layout.nb_channels;
    require_input(wave.channels == 0 || (wave.channels == channels && wave.rate == frame_->sample_rate),
                  input_.path() + ": its sound changes its rate");
    wave.channels = channels;
    wave.rate = frame_->sample_rate;
    const ReadSample value_of = reader_of(format, input_.path());
    const bool apart = av_sample_fmt_is_planar(format) == 1;
    for (int i = 0; i < frame_->nb_samples; ++i) {
      for (int channel = 0; channel < channels; ++channel) {
        wave.samples.push_back(value_of(*frame_, apart, channels, channel, i));
      }
    }
  }

  const MediaInput& input_;
  const AVStream& stream_;
  ffmpeg::Codec codec_;
  ffmpeg::Packet packet_;
  ffmpeg::Frame frame_;
};

}  // namespace

std::optional<Waveform> read_sound(const std::filesystem::path& path) {
  const MediaInput input(path);
  const AVStream* const stream = input.select(AVMEDIA_TYPE_AUDIO);
  if (stream == nullptr) return std::nullopt;
  Waveform wave = SoundSource(input, *stream).read();
  require_input(wave.channels > 0, input.path() + ": its sound is empty");
  return wave;
}

}  // namespace orrery
