#include "media/image_reader.h"

#include "core/error.h"
#include "media/frame_source.h"
#include "media/orientation.h"
#include "media/rgb_converter.h"

namespace orrery {

RgbImage read_image(const std::filesystem::path& path) {
  FrameSource source(path);
  const AVFrame* frame = source.next();
  require_input(frame != nullptr, path.string() + ": has no picture");
  // Some decoders report damage in the log alone and return what they have.
  const std::string complaint = ffmpeg::take_log_line();
  require_input(complaint.empty(), path.string() + ": damaged or cut short: " + complaint);
  return orient(RgbConverter(source.untagged()).convert(*frame), display_matrix(*frame, source.stream()));
}

}  // namespace orrery
