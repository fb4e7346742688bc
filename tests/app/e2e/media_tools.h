#pragma once

#include <ATen/ATen.h>

#include <filesystem>

#include "base/core/json.h"

namespace orrery {

// Has ffmpeg draw moving test pictures, 24 a second, into a file of the kind that its name says.
void draw(const std::filesystem::path& file, int width, int height, int frames = 1);

// What ffprobe says of a file's streams.
Json probe(const std::filesystem::path& file);

// Has ffmpeg encode a sound file as runs encode theirs: AAC, 192 kb/s.
void encode_sound(const std::filesystem::path& source, const std::filesystem::path& target);

// The sound of a file as ffmpeg decodes it, and as a WAV file of 32-bit floats holds it: (2, samples).
at::Tensor decoded_sound(const std::filesystem::path& file);
at::Tensor wav_samples(const std::filesystem::path& file);

}  // namespace orrery
