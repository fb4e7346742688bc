#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
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

}  // namespace orrery
