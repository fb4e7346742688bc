#pragma once

#include <filesystem>
#include <string>

namespace orrery {

// Why read_image and VideoReader would refuse a file, as far as its beginning tells: "FILE: REASON"; "" where that
// looks like an image or a video. Decodes nothing: of a picture the first bytes are read, of a video the header and the
// index.
std::string media_problem(const std::filesystem::path& path);

}  // namespace orrery
