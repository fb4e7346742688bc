#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace orrery {

// The content of a UTF-8 text file, without the byte-order mark that some editors write at its beginning. Throws
// InputError, also for UTF-16 and UTF-32, which are recognized by their byte-order marks.
std::string read_text_file(const std::filesystem::path& path);

// XXH3, 128 bits, as 32 hexadecimal digits. Not for security: it tells whether bytes are the same.
std::string checksum(const void* data, std::size_t bytes);

// The checksum of a file's bytes, which are read a piece at a time. Throws InputError that names the file.
std::string file_checksum(const std::filesystem::path& path);

// How many bytes at a file's beginning not_fetched() needs.
inline constexpr std::size_t kNotFetchedBytes = 256;

// Recognizes, by its beginning, a file that replaces one that was never fetched: a Git LFS pointer, or a web page that
// was downloaded in its place. Returns what it is and what to do; "" for any other file.
std::string not_fetched(std::string_view begin);

}  // namespace orrery
