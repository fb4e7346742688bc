#pragma once

#include <filesystem>
#include <string>

namespace orrery {

// The content of a text file that people write: without the byte-order mark that some editors put before UTF-8. Throws
// InputError; for UTF-16 and UTF-32 as well, which the mark gives away.
std::string read_text_file(const std::filesystem::path& path);

}  // namespace orrery
