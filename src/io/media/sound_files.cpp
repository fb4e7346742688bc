#include "io/media/sound_files.h"

#include <fmt/format.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

#include "base/core/error.h"
#include "base/core/file.h"
#include "io/media/made_from.h"
#include "io/media/media_input.h"

namespace orrery {
namespace {

// One sample of a frame of type T, whose channels are planar (`apart`) or interleaved.
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
  // Decodes the next frame; returns false after the last one.
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

constexpr unsigned kFloatSamples = 3;  // WAVE_FORMAT_IEEE_FLOAT
constexpr unsigned kSampleBytes = 4;
constexpr unsigned kWavHeaderBytes = 58;

// Appends a little-endian number.
void put(std::string& out, std::uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i) & 0xFF));
}

std::string header(std::uint32_t samples, unsigned channels, unsigned sample_rate, const std::string& mark) {
  const std::uint32_t data_bytes = samples * kSampleBytes;
  std::string out = "RIFF";
  put(out, kWavHeaderBytes - 8 + static_cast<std::uint32_t>(mark.size()) + data_bytes, 4);
  out += "WAVEfmt ";
  put(out, 18, 4);
  put(out, kFloatSamples, 2);
  put(out, channels, 2);
  put(out, sample_rate, 4);
  put(out, sample_rate * channels * kSampleBytes, 4);
  put(out, channels * kSampleBytes, 2);
  put(out, 8 * kSampleBytes, 2);
  put(out, 0, 2);
  out += "fact";  // number of samples per channel, required unless PCM
  put(out, 4, 4);
  put(out, samples / channels, 4);
  out += mark + "data";
  put(out, data_bytes, 4);
  return out;
}

}  // namespace

std::optional<Waveform> read_sound(const std::filesystem::path& path) {
  const MediaInput input(path);
  const AVStream* const stream = input.select(AVMEDIA_TYPE_AUDIO);
  if (stream == nullptr) return std::nullopt;
  Waveform wave = SoundSource(input, *stream).read();
  require_input(wave.channels > 0, input.path() + ": its sound is empty");
  return wave;
}

void write_wav(const std::filesystem::path& path, std::span<const float> interleaved, int channels, int sample_rate,
               const std::string& latents) {
  const std::string name = path.string();
  require(channels > 0 && channels <= 65535 / 4 && sample_rate > 0,
          fmt::format("{}: {} channels at {} Hz are no sound", name, channels, sample_rate));
  const std::size_t count = interleaved.size();
  require(count % static_cast<std::size_t>(channels) == 0,
          fmt::format("{}: {} samples do not divide into {} channels", name, count, channels));
  const std::string mark = wav_mark(latents);
  require(count <= (std::numeric_limits<std::uint32_t>::max() - kWavHeaderBytes - mark.size()) / kSampleBytes,
          fmt::format("{}: {} samples are more than a WAV file holds", name, count));
  std::string out = header(static_cast<std::uint32_t>(count), static_cast<unsigned>(channels),
                           static_cast<unsigned>(sample_rate), mark);
  out.reserve(out.size() + count * kSampleBytes);
  for (const float sample : interleaved) put(out, std::bit_cast<std::uint32_t>(sample), kSampleBytes);
  write_file(path, out);
}

}  // namespace orrery
