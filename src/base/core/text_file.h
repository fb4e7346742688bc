#pragma once

#include <filesystem>
#include <string>

namespace orrery {

// The content of a UTF-8 text file, without the byte-order mark that some editors write at its beginning. Throws
// InputError, also for UTF-16 and UTF-32, which are recognized by their byte-order marks.
std::string read_text_file(const std::filesystem::path& path);

}  // namespace orrery
