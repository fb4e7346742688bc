#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace orrery {

// The decoder's part of sound_tokenizer/config.json (MODEL.md §7). Names are the file's.
struct SoundConfig {
  static constexpr std::int64_t kChannels = 2;           // left, right
  static constexpr std::int64_t kSampleRate = 48000;     // Hz
  static constexpr std::int64_t kSamplesPerStep = 1920;  // samples for each time step of the latent
  static constexpr std::int64_t kStepsPerSecond = kSampleRate / kSamplesPerStep;

  std::int64_t vocoder_input_dim = 0;     // channels of the latent
  std::int64_t dec_dim = 0;               // channels next to the waveform
  std::vector<std::int64_t> dec_c_mults;  // widths as multiples of dec_dim, from the waveform inwards
  std::vector<std::int64_t> dec_strides;  // one for each width; their product is kSamplesPerStep
};

// Reads and checks a config; throws InputError that names the file, the key, what was found and what is supported.
SoundConfig read_sound_config(const std::filesystem::path& file);

}  // namespace orrery
