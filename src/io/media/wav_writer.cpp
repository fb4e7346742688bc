#include "io/media/wav_writer.h"

#include <fmt/format.h>

#include <bit>
#include <cstdint>
#include <limits>
#include <string>

#include "base/core/error.h"
#include "base/core/file.h"
#include "io/media/made_from.h"

namespace orrery {
namespace {

constexpr unsigned kFloatSamples = 3;  // WAVE_FORMAT_IEEE_FLOAT
constexpr unsigned kSampleBytes = 4;
constexpr unsigned kWavHeaderBytes = 58;

// Little-endian numbers.
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
  out += "fact";  // required of everything but PCM: samples a channel
  put(out, 4, 4);
  put(out, samples / channels, 4);
  out += mark + "data";
  put(out, data_bytes, 4);
  return out;
}

}  // namespace

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
