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

// Metadata in a picture file: keys of Latin letters and texts in UTF-8.
using PictureTexts = std::vector<std::pair<std::string, std::string>>;

// Encodes a picture file; `rgb` is height × width × 3, 8 bits, full range. `latents` is the checksum that made_from()
// finds, "" for none. The texts become iTXt chunks of a PNG, or the comment of a JPEG, which is cut after 65,000 bytes.
// JPEG has quality 95 (scale of the Independent JPEG Group) and full-resolution chroma. The same arguments give the
// same bytes. Throws Error for an impossible or wrong size, or when there is no encoder.
std::string encode_picture(PictureFormat format, int width, int height, std::span<const std::uint8_t> rgb,
                           const PictureTexts& texts, const std::string& latents);

}  // namespace orrery
