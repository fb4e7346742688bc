#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/text/caption.h"
#include "io/text/tokenizer.h"

namespace orrery {

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
