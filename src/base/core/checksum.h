#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace orrery {

// XXH3, 128 bits, as 32 hexadecimal digits. Not for security: it tells whether bytes are the same.
std::string checksum(const void* data, std::size_t bytes);

// The checksum of a file's bytes, which are read a piece at a time. Throws InputError that names the file.
std::string file_checksum(const std::filesystem::path& path);

}  // namespace orrery
