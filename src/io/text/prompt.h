#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/core/choice.h"
#include "io/text/tokenizer.h"

namespace orrery {

// Whose rules are followed where NVIDIA's own code and the seed's system differ (MODEL.md §9).
enum class Semantics { Native, Seed };

constexpr auto choices(Semantics) {
  return std::array{Choice<Semantics>{"native", Semantics::Native}, Choice<Semantics>{"seed", Semantics::Seed}};
}

// What the caption says about the clip. Units: frames, frames per second, pixels.
struct ClipFacts {
  std::int64_t num_frames = 189;  // at least 1
  double fps = 24;                // finite, above 0
  std::int64_t height = 720;
  std::int64_t width = 1280;
  std::optional<std::string> aspect_ratio;  // "16,9"; enters JSON prompts only
};

// The prompt with the clip's length, rate and size in the words the models were trained on (MODEL.md §2): as sentences,
// or as keys when the prompt is a JSON object. A clip of one frame is an image in the native sentences, a video in the
// seed's. Throws InputError when a text is not UTF-8 or the facts are out of range.
std::string caption(std::string_view prompt, const ClipFacts& clip, Semantics semantics = Semantics::Native);

// The native sentences on a negative prompt, which is plain text even when it is JSON.
std::string negative_caption(std::string_view negative, const ClipFacts& clip);

// What the user wrote.
struct PromptSource {
  std::string prompt;
  std::optional<std::string> negative;  // none: the default one; "": no words
  std::string default_negative;
  bool append_metadata = true;  // false: both texts are used as they are
};

// What the model reads.
struct PromptText {
  std::string caption;
  std::string negative_caption;
};

// Throws InputError when a text is not UTF-8 or the facts are out of range.
PromptText prompt_text(const PromptSource& source, const ClipFacts& clip, Semantics semantics);

// A negative prompt kept in a file: a JSON object goes on one line, as Python's json.dumps writes it; any other text
// only loses the white space around it. Throws InputError when the file cannot be read or is not UTF-8.
std::string read_negative_prompt(const std::filesystem::path& path);

// The ids that enter the text tower: the chat form of one user turn, then <|im_end|> and <|vision_start|>. No
// truncation. Throws InputError when the caption is not UTF-8 or the tokenizer lacks one of the special tokens.
std::vector<std::int64_t> prompt_ids(const Tokenizer& tokenizer, std::string_view caption);

}  // namespace orrery
