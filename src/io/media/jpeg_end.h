#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace orrery {

// Bytes of the first picture in `jpeg`, its end marker among them; 0 where it has no end: it was cut short, which
// FFmpeg hides by making up an end. What follows the picture (a motion photo's video, a further picture) is not looked
// at.
std::size_t jpeg_length(std::span<const std::uint8_t> jpeg);

}  // namespace orrery
