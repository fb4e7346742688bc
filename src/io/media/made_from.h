#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace orrery {

// Media say which latents they were made from, by these latents' checksum (32 hexadecimal digits): an mp4 under this
// key of its metadata, a PNG in a text chunk of that keyword, a WAV in a comment that begins with it.
inline constexpr const char* kMadeFromKey = "latents";

// The checksum that an mp4, PNG or WAV file carries. None: it carries none, is not there, or cannot be read. Reads a
// file's beginning, of an mp4 its index. Thread-safe.
std::optional<std::string> made_from(const std::filesystem::path& file);

// The chunks that carry the checksum `latents`, for the writers; "" for "".
std::string png_mark(const std::string& latents);  // stands right behind IHDR
std::string wav_mark(const std::string& latents);  // an even number of bytes

}  // namespace orrery
