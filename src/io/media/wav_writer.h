#pragma once

#include <filesystem>
#include <span>
#include <string>

namespace orrery {

// Writes a WAV file of 32-bit float samples, so that nothing is rounded or clipped. `interleaved`: (samples, channels),
// full scale ±1. `latents`: the checksum that made_from() finds; "" for none. The file appears whole or not at all.
// Throws Error: no channel, a rate below 1 Hz, samples that are no multiple of the channels, more than WAV's 4 GiB, or
// the disk's reason.
void write_wav(const std::filesystem::path& path, std::span<const float> interleaved, int channels, int sample_rate,
               const std::string& latents = "");

}  // namespace orrery
