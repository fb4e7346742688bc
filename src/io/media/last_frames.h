#pragma once

#include <cstddef>
#include <filesystem>
#include <vector>

#include "io/media/rgb_image.h"

namespace orrery {

// The last `count` (positive) frames of a video as VideoReader gives them, oldest first; all frames of a shorter one.
// Reads the whole file, and holds `count` + 1 frames at most. Throws InputError that names the file for what
// VideoReader refuses.
std::vector<RgbImage> read_last_frames(const std::filesystem::path& path, std::size_t count);

}  // namespace orrery
