#pragma once

#include <ATen/ATen.h>

#include <filesystem>

#include "base/core/json.h"

namespace orrery {

// Writes ffmpeg's moving test pictures at 24 frames per second, in the format of the file name's suffix.
void draw(const std::filesystem::path& file, int width, int height, int frames = 1);

// ffprobe's description of a file's streams.
Json probe(const std::filesystem::path& file);

// Encodes a sound file by ffmpeg as runs do: AAC at 192 kb/s.
void encode_sound(const std::filesystem::path& source, const std::filesystem::path& target);

// The sound of a file as decoded by ffmpeg, and the samples of a WAV file of 32-bit floats: (2, samples).
at::Tensor decoded_sound(const std::filesystem::path& file);
at::Tensor wav_samples(const std::filesystem::path& file);

}  // namespace orrery
