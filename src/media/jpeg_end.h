#pragma once

#include <cstdint>
#include <span>

namespace orrery {

// Whether a JPEG has its end marker. FFmpeg makes one up, and so returns pictures that were cut short.
bool has_jpeg_end(std::span<const std::uint8_t> jpeg);

}  // namespace orrery
