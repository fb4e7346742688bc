#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace orrery {

struct Waveform {
  int rate = 0;  // samples per second in each channel
  int channels = 0;
  std::vector<float> samples;  // one channel after another; full scale ±1

  std::int64_t length() const { return static_cast<std::int64_t>(samples.size()) / channels; }
};

// Decodes the whole sound of a media file; none when it has no sound. Throws InputError that names the file when it
// cannot be read or decoded.
std::optional<Waveform> read_sound(const std::filesystem::path& path);

// Writes a WAV file of 32-bit float samples, so that nothing is rounded or clipped. `interleaved`: (samples, channels),
// full scale ±1. `latents`: the checksum that made_from() finds; "" for none. The file appears whole or not at all.
// Throws Error for no channels, a rate below 1 Hz, samples that are not a multiple of the channels, more than WAV's 4
// GiB, or when writing fails.
void write_wav(const std::filesystem::path& path, std::span<const float> interleaved, int channels, int sample_rate,
               const std::string& latents = "");

}  // namespace orrery
