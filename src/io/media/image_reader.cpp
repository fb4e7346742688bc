#include "io/media/image_reader.h"

#include <optional>
#include <utility>

#include "base/core/error.h"
#include "io/media/frame_source.h"
#include "io/media/media_input.h"
#include "io/media/shown_picture.h"
#include "io/media/still.h"

namespace orrery {

RgbImage read_image(const std::filesystem::path& path) {
  if (std::optional<Still> still = read_still(path, /*animations=*/false)) return shown_still(std::move(*still), path);
  FrameSource source(path);
  const AVFrame* frame = source.next();
  require_input(frame != nullptr, path.string() + ": has no picture");
  // Some decoders report damage in the log alone and return what they have.
  const std::string complaint = ffmpeg::take_log_line();
  require_input(complaint.empty(), path.string() + ": damaged or cut short: " + complaint);
  return with_file_name(path.string(), [&] {
    RgbConverter converter(source.untagged());
    return shown_frame(*frame, source, converter);
  });
}

std::string media_problem(const std::filesystem::path& path) {
  try {
    if (!begins_as_still(path)) require_media_header(path);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

}  // namespace orrery
