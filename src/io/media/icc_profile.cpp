#include "io/media/icc_profile.h"

#include <lcms2.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <type_traits>
#include <vector>

#include "base/core/error.h"

namespace orrery {
namespace {

struct CloseProfile {
  void operator()(void* profile) const noexcept { cmsCloseProfile(profile); }
};
struct DeleteTransform {
  void operator()(void* transform) const noexcept { cmsDeleteTransform(transform); }
};
struct FreeCurve {
  void operator()(cmsToneCurve* curve) const noexcept { cmsFreeToneCurve(curve); }
};
using Profile = std::unique_ptr<void, CloseProfile>;
using Transform = std::unique_ptr<void, DeleteTransform>;
using ToneCurve = std::unique_ptr<cmsToneCurve, FreeCurve>;

constexpr int kUnseen = 2;  // invisible difference, of 255
constexpr int kStep = 15;   // step of the grid on which a profile is tested

std::vector<std::uint8_t> colour_grid() {
  std::vector<std::uint8_t> grid;
  for (int red = 0; red < 256; red += kStep) {
    for (int green = 0; green < 256; green += kStep) {
      for (int blue = 0; blue < 256; blue += kStep) {
        for (const int value : {red, green, blue}) grid.push_back(static_cast<std::uint8_t>(value));
      }
    }
  }
  return grid;
}

bool changes_colours(void* transform) {
  const std::vector<std::uint8_t> grid = colour_grid();
  std::vector<std::uint8_t> shown(grid.size());
  cmsDoTransform(transform, grid.data(), shown.data(), static_cast<cmsUInt32Number>(grid.size() / 3));
  for (std::size_t i = 0; i < grid.size(); ++i) {
    if (std::abs(grid[i] - shown[i]) > kUnseen) return true;
  }
  return false;
}

void transform_rgb(RgbImage& image, void* transform) {
  if (!changes_colours(transform)) return;
  cmsDoTransform(transform, image.rgb.data(), image.rgb.data(), static_cast<cmsUInt32Number>(image.rgb.size() / 3));
}

// Transforms a grey picture through a table of its 256 values.
void transform_grey(RgbImage& image, void* transform) {
  std::array<std::uint8_t, 256> grey{};
  std::array<std::uint8_t, 768> shown{};
  for (std::size_t i = 0; i < grey.size(); ++i) grey[i] = static_cast<std::uint8_t>(i);
  cmsDoTransform(transform, grey.data(), shown.data(), static_cast<cmsUInt32Number>(grey.size()));
  for (std::uint8_t& value : image.rgb) value = shown[3 * std::size_t{value}];
}

}  // namespace

std::string rgb_profile(double gamma, const Chromaticities& points) {
  const cmsCIExyY white{points.white.x, points.white.y, 1};
  const cmsCIExyYTRIPLE primaries{
      {points.red.x, points.red.y, 1}, {points.green.x, points.green.y, 1}, {points.blue.x, points.blue.y, 1}};
  const ToneCurve curve(cmsBuildGamma(nullptr, gamma));
  if (curve == nullptr) return "";
  const std::array<cmsToneCurve*, 3> curves{curve.get(), curve.get(), curve.get()};
  const Profile profile(cmsCreateRGBProfile(&white, &primaries, curves.data()));
  cmsUInt32Number size = 0;
  if (profile == nullptr || cmsSaveProfileToMem(profile.get(), nullptr, &size) == 0) return "";
  std::string icc(size, '\0');
  return cmsSaveProfileToMem(profile.get(), icc.data(), &size) == 0 ? "" : icc;
}

void to_srgb(RgbImage& image, std::string_view icc) {
  const Profile from(cmsOpenProfileFromMem(icc.data(), static_cast<cmsUInt32Number>(icc.size())));
  if (from == nullptr) return;
  const cmsColorSpaceSignature space = cmsGetColorSpace(from.get());
  require_input(space == cmsSigRgbData || space == cmsSigGrayData,
                "its colour profile is not one of RGB or grey: convert the picture to sRGB");
  const Profile srgb(cmsCreate_sRGBProfile());
  const cmsUInt32Number format = space == cmsSigRgbData ? TYPE_RGB_8 : TYPE_GRAY_8;
  const Transform transform(cmsCreateTransform(from.get(), format, srgb.get(), TYPE_RGB_8, INTENT_PERCEPTUAL, 0));
  if (transform == nullptr) return;
  if (space == cmsSigRgbData) {
    transform_rgb(image, transform.get());
  } else {
    transform_grey(image, transform.get());
  }
}

}  // namespace orrery
