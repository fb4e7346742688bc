#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace orrery {

struct Waveform {
  int rate = 0;  // samples a second and channel
  int channels = 0;
  std::vector<float> samples;  // a channel's after another's; full scale ±1

  std::int64_t length() const { return static_cast<std::int64_t>(samples.size()) / channels; }
};

// The whole sound of a media file, as its decoder gives it; none: the file has none. Throws InputError that names the
// file for what cannot be read or decoded.
std::optional<Waveform> read_sound(const std::filesystem::path& path);

// Writes a WAV file of 32-bit float samples, so that nothing is rounded or clipped. `interleaved`: (samples, channels),
// full scale ±1. `latents`: the checksum that made_from() finds; "" for none. The file appears whole or not at all.
// Throws Error: no channel, a rate below 1 Hz, samples that are no multiple of the channels, more than WAV's 4 GiB, or
// the disk's reason.
void write_wav(const std::filesystem::path& path, std::span<const float> interleaved, int channels, int sample_rate,
               const std::string& latents = "");

}  // namespace orrery
