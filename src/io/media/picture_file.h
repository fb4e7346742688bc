#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/core/choice.h"

namespace orrery {

enum class PictureFormat { Png, Jpg };

constexpr auto choices(PictureFormat) {
  return std::array{Choice<PictureFormat>{"png", PictureFormat::Png}, Choice<PictureFormat>{"jpg", PictureFormat::Jpg}};
}

// What a picture's file says of it: keys of Latin letters, and texts in UTF-8.
using PictureTexts = std::vector<std::pair<std::string, std::string>>;

// The bytes of a picture's file; `rgb` is height × width × 3, 8 bits, full range. `latents`: the checksum that
// made_from() finds; "" for none. The texts are iTXt chunks of a PNG, and a comment of a JPEG file, which ends after
// 65,000 bytes. JPEG: quality 95 in the scale of the Independent JPEG Group, colours at full resolution. Same
// arguments, same bytes. Throws Error: impossible or wrong size, or no encoder.
std::string encode_picture(PictureFormat format, int width, int height, std::span<const std::uint8_t> rgb,
                           const PictureTexts& texts, const std::string& latents);

}  // namespace orrery
