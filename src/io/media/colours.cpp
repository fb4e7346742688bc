#include "io/media/colours.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "base/core/error.h"

extern "C" {
#include <libavutil/pixdesc.h>
}

namespace orrery {
namespace {

template <class Code>
Code known(int number, Code count, const char* what) {
  require_input(
      number >= 0 && number < count,
      fmt::format("its colours have the {} {}, which is not known (ITU-T H.273): convert it to sRGB", what, number));
  return static_cast<Code>(number);
}

constexpr std::size_t kValues = 65536;
constexpr double kReferenceWhite = 203;  // cd/m², BT.2408
constexpr double kHlgPeak = 1000;        // cd/m²
constexpr double kHlgGamma = 1.2;        // for a screen with that peak
constexpr std::array<double, 3> kBt2020Luma{0.2627, 0.6780, 0.0593};

using Matrix = std::array<std::array<float, 3>, 3>;

// Matrices to BT.709's primaries, with the same white point. BT.2020: from BT.2087. P3: from the primaries.
constexpr Matrix kFromBt2020{
    {{1.660491F, -0.587641F, -0.072850F}, {-0.124550F, 1.132900F, -0.008349F}, {-0.018151F, -0.100579F, 1.118730F}}};
constexpr Matrix kFromDisplayP3{
    {{1.224940F, -0.224940F, 0.0F}, {-0.042057F, 1.042057F, 0.0F}, {-0.019638F, -0.078636F, 1.098274F}}};
constexpr Matrix kSame{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};

const Matrix& matrix_of(AVColorPrimaries primaries) {
  switch (primaries) {
    case AVCOL_PRI_BT2020:
      return kFromBt2020;
    case AVCOL_PRI_SMPTE432:
      return kFromDisplayP3;
    case AVCOL_PRI_RESERVED0:
    case AVCOL_PRI_RESERVED:
    case AVCOL_PRI_UNSPECIFIED:
    case AVCOL_PRI_BT709:
    case AVCOL_PRI_BT470BG:
    case AVCOL_PRI_SMPTE170M:
    case AVCOL_PRI_SMPTE240M:
    case AVCOL_PRI_EBU3213:
      return kSame;
    default:
      throw InputError("its colours have the primaries " + ffmpeg::name_of(av_color_primaries_name(primaries)) +
                       ", which are not read: convert it to BT.709 or sRGB");
  }
}

double sdr_light(double v) { return v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4); }

// The transfer function of PQ (SMPTE ST 2084).
double pq_light(double v) {
  constexpr double kM1 = 2610.0 / 16384, kM2 = 2523.0 / 4096 * 128;
  constexpr double kC1 = 3424.0 / 4096, kC2 = 2413.0 / 4096 * 32, kC3 = 2392.0 / 4096 * 32;
  const double root = std::pow(v, 1 / kM2);
  return 10'000 / kReferenceWhite * std::pow(std::max(root - kC1, 0.0) / (kC2 - kC3 * root), 1 / kM1);
}

// The inverse transfer function of HLG (BT.2100): the scene's light.
double hlg_light(double v) {
  constexpr double kA = 0.17883277, kB = 1 - 4 * kA;
  const double c = 0.5 - kA * std::log(4 * kA);
  return v <= 0.5 ? v * v / 3 : (std::exp((v - c) / kA) + kB) / 12;
}

using Transfer = double (*)(double);

Transfer curve_of(AVColorTransferCharacteristic transfer) {
  switch (transfer) {
    case AVCOL_TRC_SMPTE2084:
      return pq_light;
    case AVCOL_TRC_ARIB_STD_B67:
      return hlg_light;
    case AVCOL_TRC_LINEAR:
    case AVCOL_TRC_LOG:
    case AVCOL_TRC_LOG_SQRT:
    case AVCOL_TRC_SMPTE428:
      throw InputError("its values have the transfer " + ffmpeg::name_of(av_color_transfer_name(transfer)) +
                       ", which is not read: convert it to BT.709 or sRGB");
    default:
      return sdr_light;
  }
}

std::vector<std::uint16_t> srgb_values() {
  std::vector<std::uint16_t> values(kValues);
  for (std::size_t i = 0; i < kValues; ++i) {
    const double light = static_cast<double>(i) / (kValues - 1);
    const double value = light <= 0.0031308 ? 12.92 * light : 1.055 * std::pow(light, 1 / 2.4) - 0.055;
    values[i] = static_cast<std::uint16_t>(std::lround(65535 * value));
  }
  return values;
}

// Gain from the scene's light to a screen's light (the OOTF of BT.2100).
float screen_gain(float red, float green, float blue) {
  const double luma = kBt2020Luma[0] * red + kBt2020Luma[1] * green + kBt2020Luma[2] * blue;
  return static_cast<float>(kHlgPeak / kReferenceWhite * std::pow(luma, kHlgGamma - 1));
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

std::optional<ColourMap> ColourMap::from(AVColorPrimaries primaries, AVColorTransferCharacteristic transfer) {
  if (&matrix_of(primaries) == &kSame && curve_of(transfer) == &sdr_light) return std::nullopt;
  return ColourMap(primaries, transfer);
}

ColourMap::ColourMap(AVColorPrimaries primaries, AVColorTransferCharacteristic transfer)
    : hlg_(transfer == AVCOL_TRC_ARIB_STD_B67),
      matrix_(matrix_of(primaries)),
      light_(kValues),
      encoded_(srgb_values()) {
  const Transfer curve = curve_of(transfer);
  for (std::size_t i = 0; i < kValues; ++i) {
    light_[i] = static_cast<float>(curve(static_cast<double>(i) / (kValues - 1)));
  }
}

void ColourMap::apply(std::span<std::uint16_t> rgba) const {
  for (std::size_t i = 0; i + 4 <= rgba.size(); i += 4) {
    const float red = light_[rgba[i]], green = light_[rgba[i + 1]], blue = light_[rgba[i + 2]];
    const float gain = hlg_ ? screen_gain(red, green, blue) : 1;
    for (std::size_t c = 0; c < 3; ++c) {
      const float light = gain * (matrix_[c][0] * red + matrix_[c][1] * green + matrix_[c][2] * blue);
      const float clipped = std::clamp(light, 0.0F, 1.0F);
      rgba[i + c] = encoded_[static_cast<std::size_t>(std::lround(clipped * (kValues - 1)))];
    }
  }
}

}  // namespace orrery
