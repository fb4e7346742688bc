#include "io/text/caption.h"

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
  require_input(clip.num_frames >= 1, "num_frames is " + std::to_string(clip.num_frames) + ", expected at least 1");
  require_input(clip.fps > 0 && std::isfinite(seconds(clip)),
                "fps is " + python_float(clip.fps) + ", expected frames per second above 0");
}

std::string without_trailing_dots(std::string_view text) {
  return std::string(text.substr(0, text.find_last_not_of('.') + 1));
}

std::string text_caption(std::string_view prompt, const ClipFacts& clip, Semantics semantics) {
  std::string text(python_strip(prompt));
  if (clip.num_frames > 1) {
    text = without_trailing_dots(text) + ". The video is " + python_fixed(seconds(clip), 1) +
           " seconds long and is of " + python_fixed(clip.fps, 0) + " FPS.";
  }
  const bool image = clip.num_frames == 1 && semantics == Semantics::Native;
  return without_trailing_dots(python_strip(text)) + ". This " + (image ? "image" : "video") + " is of " +
         std::to_string(clip.height) + "x" + std::to_string(clip.width) + " resolution.";
}

std::string json_caption(PythonObject object, const ClipFacts& clip) {
  if (clip.num_frames > 1) {
    object.set("duration", '"' + python_fixed(std::trunc(seconds(clip)), 0) + "s\"");
    object.set("fps", python_float(clip.fps));
  } else {
    object.remove("duration");
    object.remove("fps");
  }
  object.set("resolution", "{\"H\": " + std::to_string(clip.height) + ", \"W\": " + std::to_string(clip.width) + "}");
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
