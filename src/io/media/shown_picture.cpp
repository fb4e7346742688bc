#include "io/media/shown_picture.h"

#include <string_view>
#include <utility>

#include "io/media/file_name.h"
#include "io/media/icc_profile.h"
#include "io/media/orientation.h"
#include "io/media/pixel_aspect.h"

namespace orrery {
namespace {

std::string_view profile_of(const AVFrame& frame) {
  const AVFrameSideData* side = av_frame_get_side_data(&frame, AV_FRAME_DATA_ICC_PROFILE);
  return side == nullptr ? std::string_view() : std::string_view(reinterpret_cast<const char*>(side->data), side->size);
}

}  // namespace

RgbImage shown_still(Still still, const std::filesystem::path& path) {
  return with_file_name(path.string(), [&] {
    RgbImage image = RgbConverter(Untagged::Image).convert(*still.frame);
    const AVRational aspect = still.frame->sample_aspect_ratio;
    still.frame.reset();  // its memory is as large as the picture's
    if (!still.icc.empty()) to_srgb(image, still.icc);
    return orient(with_square_pixels(std::move(image), aspect), still.orientation);
  });
}

RgbImage shown_frame(const AVFrame& frame, const FrameSource& source, RgbConverter& converter) {
  RgbImage image = converter.convert(frame);
  if (const std::string_view icc = profile_of(frame); !icc.empty()) to_srgb(image, icc);
  image = with_square_pixels(std::move(image), source.pixel_aspect(frame));
  return orient(std::move(image), display_matrix(frame, source.stream()));
}

}  // namespace orrery
