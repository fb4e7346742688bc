#pragma once

#include <libheif/heif.h>

#include <string_view>

namespace orrery {

// The chroma subsampling of a HEIC or AVIF file, from its codec headers: monochrome when all pictures are grey;
// undefined when pictures that are not grey differ or use other codecs. libheif has no function for this before 1.17,
// and its own conversion to RGB repeats chroma instead of interpolating it. Internal to media/.
heif_chroma heif_chroma_of(std::string_view file);

}  // namespace orrery
