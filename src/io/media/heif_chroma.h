#pragma once

#include <libheif/heif.h>

#include <string_view>

namespace orrery {

// The chroma subsampling of a HEIC or AVIF file, from the headers of its codec. Undefined where its pictures differ
// (grey ones, such as alpha, aside) or are of other codecs; monochrome where all are grey. libheif has no call for it
// before 1.17, and its own conversion to RGB repeats chroma instead of interpolating it. Internal to media/.
heif_chroma heif_chroma_of(std::string_view file);

}  // namespace orrery
