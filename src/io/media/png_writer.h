#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace orrery {

// Writes an 8-bit RGB PNG file; `rgb` is height × width × 3. `latents`: the checksum that made_from() finds; "" for
// none. Same arguments, same bytes. The file appears whole or not at all. Throws Error: impossible or wrong size, no
// PNG encoder, or the disk's reason.
void write_png(const std::filesystem::path& path, int width, int height, std::span<const std::uint8_t> rgb,
               const std::string& latents = "");

}  // namespace orrery
