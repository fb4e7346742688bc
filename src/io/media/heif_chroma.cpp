#include "io/media/heif_chroma.h"

#include <cstddef>
#include <cstdint>
#include <optional>

#include "io/media/still.h"

namespace orrery {
namespace {

constexpr std::size_t kBoxHeader = 8;  // size and type

// The "meta" box, which describes the file's pictures; empty when there is none.
std::string_view meta_box(std::string_view file) {
  while (file.size() >= kBoxHeader) {
    const std::size_t size = number_at(file, 0);
    if (size < kBoxHeader || size > file.size()) return "";  // the special sizes 0 and 1 occur only in boxes of pixels
    if (file.substr(4, 4) == "meta") return file.substr(0, size);
    file.remove_prefix(size);
  }
  return "";
}

heif_chroma chroma_of_av1c(unsigned flags) {
  constexpr unsigned kMonochrome = 0x10, kHalfWidth = 0x08, kHalfHeight = 0x04;
  if ((flags & kMonochrome) != 0) return heif_chroma_monochrome;
  if ((flags & kHalfHeight) != 0) return heif_chroma_420;
  return (flags & kHalfWidth) != 0 ? heif_chroma_422 : heif_chroma_444;
}

// The chroma of HEVC's chroma_format_idc.
heif_chroma chroma_of_hvcc(unsigned format) {
  constexpr heif_chroma kChromas[] = {heif_chroma_monochrome, heif_chroma_420, heif_chroma_422, heif_chroma_444};
  return kChromas[format & 3];
}

// The chroma named by the codec's box `type`, whose body begins at `at` of `meta`.
std::optional<heif_chroma> chroma_at(std::string_view meta, std::string_view type, std::size_t at) {
  const std::size_t place = at + (type == "av1C" ? 2 : 16);
  if (place >= meta.size()) return std::nullopt;
  const unsigned byte = byte_at(meta, place);
  return type == "av1C" ? chroma_of_av1c(byte) : chroma_of_hvcc(byte);
}

}  // namespace

heif_chroma heif_chroma_of(std::string_view file) {
  const std::string_view meta = meta_box(file);
  std::optional<heif_chroma> chroma;
  for (const std::string_view type : {"av1C", "hvcC"}) {
    for (std::size_t at = meta.find(type); at != std::string_view::npos; at = meta.find(type, at + 1)) {
      const std::optional<heif_chroma> found = chroma_at(meta, type, at + type.size());
      if (!found || chroma == found) continue;
      if (chroma && chroma != heif_chroma_monochrome && found != heif_chroma_monochrome) return heif_chroma_undefined;
      if (!chroma || chroma == heif_chroma_monochrome) chroma = found;
    }
  }
  return chroma.value_or(heif_chroma_undefined);
}

}  // namespace orrery
