#pragma once

#include <libheif/heif.h>

#include <string_view>

namespace orrery {

// How the chroma of a HEIC or AVIF file is subsampled, as the headers of its codec say. Undefined where its pictures
// differ (grey ones, such as alpha, aside) or are of other codecs; monochrome where all are grey. libheif has no call
// for it before 1.17, and asked for what it likes best gives RGB whose chroma is repeated instead of interpolated.
// Internal to media/.
heif_chroma heif_chroma_of(std::string_view file);

}  // namespace orrery
