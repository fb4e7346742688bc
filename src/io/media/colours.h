#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

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

// Turns RGB of other primaries or of high dynamic range into sRGB. Light of PQ (SMPTE ST 2084) and HLG (BT.2100, for a
// screen of 1000 cd/m²) is taken so that reference white, 203 cd/m² (BT.2408), is white; what is brighter is clipped.
// Colours outside sRGB's are clipped as well.
class ColourMap {
 public:
  // None: the colours are sRGB's already, or near enough (BT.601, BT.709, unspecified), as players take them.
  // Throws InputError, without a file's name, for colours that are not understood.
  static std::optional<ColourMap> from(AVColorPrimaries primaries, AVColorTransferCharacteristic transfer);

  // In place; 65535 is full scale; red, green, blue and alpha, which stays.
  void apply(std::span<std::uint16_t> rgba) const;

 private:
  ColourMap(AVColorPrimaries primaries, AVColorTransferCharacteristic transfer);

  bool hlg_;
  std::array<std::array<float, 3>, 3> matrix_;  // linear light, to BT.709
  std::vector<float> light_;                    // of each of 65536 values: 1 is white, but for HLG the scene's
  std::vector<std::uint16_t> encoded_;          // sRGB of light i / (size - 1)
};

}  // namespace orrery
