#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include "io/media/ffmpeg.h"

namespace orrery {

// A file names its colours by code numbers (ITU-T H.273), and may contain any number. FFmpeg and libheif pass it on in
// their enumeration types, where reading a value that is no enumerator is undefined behaviour.

// The number stored in an enumeration object, whether or not it is an enumerator.
template <class Code>
int code_number(const Code& code) {
  static_assert(sizeof(Code) == sizeof(int));
  int number = 0;
  std::memcpy(&number, &code, sizeof number);
  return number;
}

// Convert the number to FFmpeg's code. Throw InputError, without a file name, for numbers that FFmpeg does not know.
AVColorPrimaries colour_primaries(int number);
AVColorTransferCharacteristic colour_transfer(int number);
AVColorSpace colour_matrix(int number);

// Checks that all colour codes of a decoded frame are known; call it before reading any of them. Throws InputError,
// without a file name.
void check_colour_codes(const AVFrame& frame);

// Converts RGB of other primaries or of high dynamic range to sRGB. PQ (SMPTE ST 2084) and HLG (BT.2100, for a screen
// of 1000 cd/m²) are scaled so that reference white, 203 cd/m² (BT.2408), becomes white. Brighter light and colours
// outside sRGB's gamut are clipped.
class ColourMap {
 public:
  // None when the colours count as sRGB, as in players: sRGB itself, BT.601, BT.709, unspecified. Throws InputError,
  // without a file name, for colours that are not supported.
  static std::optional<ColourMap> from(AVColorPrimaries primaries, AVColorTransferCharacteristic transfer);

  // Converts pixels of red, green, blue and alpha in place; 65535 is full scale. Alpha stays.
  void apply(std::span<std::uint16_t> rgba) const;

 private:
  ColourMap(AVColorPrimaries primaries, AVColorTransferCharacteristic transfer);

  bool hlg_;
  std::array<std::array<float, 3>, 3> matrix_;  // linear light, to BT.709
  std::vector<float> light_;                    // by value (65536): 1 is white; light of the scene for HLG
  std::vector<std::uint16_t> encoded_;          // sRGB of light i / (size - 1)
};

}  // namespace orrery
