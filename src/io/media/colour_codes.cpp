#include "io/media/colour_codes.h"

#include <fmt/format.h>

#include "base/core/error.h"

namespace orrery {
namespace {

template <class Code>
Code known(int number, Code count, const char* what) {
  require_input(
      number >= 0 && number < count,
      fmt::format("its colours have the {} {}, which is not known (ITU-T H.273): convert it to sRGB", what, number));
  return static_cast<Code>(number);
}

}  // namespace

AVColorPrimaries colour_primaries(int number) { return known(number, AVCOL_PRI_NB, "primaries"); }
AVColorTransferCharacteristic colour_transfer(int number) { return known(number, AVCOL_TRC_NB, "transfer function"); }
AVColorSpace colour_matrix(int number) { return known(number, AVCOL_SPC_NB, "matrix"); }

void check_colour_codes(const AVFrame& frame) {
  colour_primaries(code_number(frame.color_primaries));
  colour_transfer(code_number(frame.color_trc));
  colour_matrix(code_number(frame.colorspace));
  known(code_number(frame.color_range), AVCOL_RANGE_NB, "range");
  known(code_number(frame.chroma_location), AVCHROMA_LOC_NB, "chroma position");
}

}  // namespace orrery
