#include "io/text/prompt.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/core/error.h"
#include "base/core/file_content.h"
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

PromptText prompt_text(const PromptSource& source, const ClipFacts& clip, Semantics semantics) {
  const std::string& negative = source.negative ? *source.negative : source.default_negative;
  if (!source.append_metadata) return {source.prompt, negative};
  return {caption(source.prompt, clip, semantics),
          semantics == Semantics::Native ? negative_caption(negative, clip) : negative};
}

std::string read_negative_prompt(const std::filesystem::path& path) {
  const std::string text = read_text_file(path);
  require_utf8(text, path.string());
  const std::optional<PythonObject> object = PythonObject::parse(text);
  return object ? object->dump() : std::string(python_strip(text));
}

std::vector<std::int64_t> prompt_ids(const Tokenizer& tokenizer, std::string_view caption) {
  const std::int64_t end_of_turn = tokenizer.id_of("<|im_end|>");
  const std::int64_t vision_start = tokenizer.id_of("<|vision_start|>");
  tokenizer.id_of("<|im_start|>");  // throws when missing: the markers below would become plain words
  std::string chat = "<|im_start|>user\n";
  chat.append(caption).append("<|im_end|>\n<|im_start|>assistant\n");
  std::vector<std::int64_t> ids = tokenizer.encode(chat);
  ids.insert(ids.end(), {end_of_turn, vision_start});
  return ids;
}

}  // namespace orrery
