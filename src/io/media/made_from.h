#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace orrery {

// Media files record the checksum of the latents that they were made from (32 hexadecimal digits): an mp4 under this
// metadata key, a PNG in a text chunk with this keyword, a WAV, a JPEG and every other file as "latents: CHECKSUM" in
// its first 256 bytes.
inline constexpr const char* kMadeFromKey = "latents";

// The recorded checksum; none when the file has none, does not exist or cannot be read. Reads only the file's
// beginning, and the index of an mp4. Thread-safe.
std::optional<std::string> made_from(const std::filesystem::path& file);

// The chunks that carry the checksum `latents`, for the writers; "" for "".
std::string png_mark(const std::string& latents);  // goes directly after IHDR
std::string wav_mark(const std::string& latents);  // an even number of bytes

// A PNG chunk with a UTF-8 text. `keyword`: 1 to 79 Latin letters.
std::string png_text(const std::string& keyword, const std::string& text);

}  // namespace orrery
