#include "io/text/caption.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/core/error.h"
#include "io/text/python_json.h"
#include "io/text/python_text.h"
#include "io/text/utf8.h"

namespace orrery {
namespace {

double seconds(const ClipFacts& clip) { return static_cast<double>(clip.num_frames) / clip.fps; }

void check(std::string_view text, std::string_view what, const ClipFacts& clip) {
  require_utf8(text, what);
  require_input(clip.num_frames >= 1, fmt::format("num_frames is {}, expected at least 1", clip.num_frames));
  require_input(clip.fps > 0 && std::isfinite(seconds(clip)),
                "fps is " + python_float(clip.fps) + ", expected frames per second above 0");
}

std::string without_trailing_dots(std::string_view text) {
  return std::string(text.substr(0, text.find_last_not_of('.') + 1));
}

std::string text_caption(std::string_view prompt, const ClipFacts& clip, Semantics semantics) {
  std::string text(python_strip(prompt));
  if (clip.num_frames > 1) {
    text = fmt::format("{}. The video is {:.1f} seconds long and is of {:.0f} FPS.", without_trailing_dots(text),
                       seconds(clip), clip.fps);
  }
  const bool image = clip.num_frames == 1 && semantics == Semantics::Native;
  return fmt::format("{}. This {} is of {}x{} resolution.", without_trailing_dots(python_strip(text)),
                     image ? "image" : "video", clip.height, clip.width);
}

std::string json_caption(PythonObject object, const ClipFacts& clip) {
  if (clip.num_frames > 1) {
    object.set("duration", fmt::format("\"{:.0f}s\"", std::trunc(seconds(clip))));
    object.set("fps", python_float(clip.fps));
  } else {
    object.remove("duration");
    object.remove("fps");
  }
  object.set("resolution", fmt::format("{{\"H\": {}, \"W\": {}}}", clip.height, clip.width));
  if (clip.aspect_ratio) object.set("aspect_ratio", python_quoted(from_utf8(*clip.aspect_ratio, "aspect_ratio")));
  return object.dump();
}

}  // namespace

std::string caption(std::string_view prompt, const ClipFacts& clip, Semantics semantics) {
  check(prompt, "the prompt", clip);
  std::optional<PythonObject> object = PythonObject::parse(prompt);
  return object ? json_caption(*std::move(object), clip) : text_caption(prompt, clip, semantics);
}

std::string negative_caption(std::string_view negative, const ClipFacts& clip) {
  check(negative, "the negative prompt", clip);
  const std::string text = text_caption(negative, clip, Semantics::Native);
  return text.substr(std::min(text.find_first_not_of(". "), text.size()));
}

}  // namespace orrery
