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

// Whose rules apply where NVIDIA's own code and the seed's system differ (MODEL.md §9).
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
  std::optional<std::string> aspect_ratio;  // "16,9"; used in JSON prompts only
};

// The prompt with the clip's length, frame rate and size in the words that the models were trained on (MODEL.md §2): as
// sentences, or as keys when the prompt is a JSON object. The native sentences call a clip of one frame an image, the
// seed's call it a video. Throws InputError when a text is not UTF-8 or the facts are out of range.
std::string caption(std::string_view prompt, const ClipFacts& clip, Semantics semantics = Semantics::Native);

// The negative prompt with the native sentences; it counts as plain text even when it is JSON.
std::string negative_caption(std::string_view negative, const ClipFacts& clip);

// The texts that the user gave.
struct PromptSource {
  std::string prompt;
  std::optional<std::string> negative;  // none: default_negative; "": an empty text
  std::string default_negative;
  bool append_metadata = true;  // false: both texts are used as they are
};

// The texts that the model reads.
struct PromptText {
  std::string caption;
  std::string negative_caption;
};

// Makes the captions of both texts. Throws InputError when a text is not UTF-8 or the facts are out of range.
PromptText prompt_text(const PromptSource& source, const ClipFacts& clip, Semantics semantics);

// Reads a negative prompt from a file: a JSON object is put on one line, as Python's json.dumps writes it; any other
// text is only trimmed. Throws InputError when the file cannot be read or is not UTF-8.
std::string read_negative_prompt(const std::filesystem::path& path);

// The ids that enter the text tower: the chat template with one user message, then <|im_end|> and <|vision_start|>.
// Never truncates. Throws InputError when the caption is not UTF-8 or the tokenizer lacks one of the special tokens.
std::vector<std::int64_t> prompt_ids(const Tokenizer& tokenizer, std::string_view caption);

}  // namespace orrery
