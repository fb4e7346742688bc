#pragma once

#include <cstring>

#include "io/media/ffmpeg.h"

namespace orrery {

// A file names its colours by numbers (ITU-T H.273), and may have any there; FFmpeg and libheif hand them on as their
// enumerations, of which other values than their own must not be read.

// The number in an enumeration's place, whatever it is.
template <class Code>
int code_number(const Code& code) {
  static_assert(sizeof(Code) == sizeof(int));
  int number = 0;
  std::memcpy(&number, &code, sizeof number);
  return number;
}

// The number as FFmpeg's code. Throws InputError, without a file's name, for those that it does not know.
AVColorPrimaries colour_primaries(int number);
AVColorTransferCharacteristic colour_transfer(int number);
AVColorSpace colour_matrix(int number);

// That all codes of a decoded frame are known: before this none may be read. Throws as above.
void check_colour_codes(const AVFrame& frame);

}  // namespace orrery
