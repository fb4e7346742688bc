#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace orrery {

// Media say which latents they were made from, by these latents' checksum (32 hexadecimal digits): an mp4 under this
// key of its metadata, a PNG in a text chunk of that keyword, a WAV and every other file as "latents: CHECKSUM" within
// their first 256 bytes.
inline constexpr const char* kMadeFromKey = "latents";

// The checksum that the file carries. None: it carries none, is not there, or cannot be read. Reads a file's beginning,
// of an mp4 its index. Thread-safe.
std::optional<std::string> made_from(const std::filesystem::path& file);

// The chunks that carry the checksum `latents`, for the writers; "" for "".
std::string png_mark(const std::string& latents);  // stands right behind IHDR
std::string wav_mark(const std::string& latents);  // an even number of bytes

}  // namespace orrery
