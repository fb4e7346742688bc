#include "io/text/prompt.h"

#include "base/core/error.h"
#include "base/core/file_content.h"
#include "io/text/python_json.h"
#include "io/text/python_text.h"
#include "io/text/utf8.h"

namespace orrery {

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
  tokenizer.id_of("<|im_start|>");  // without it the markers below would be read as plain words
  std::string chat = "<|im_start|>user\n";
  chat.append(caption).append("<|im_end|>\n<|im_start|>assistant\n");
  std::vector<std::int64_t> ids = tokenizer.encode(chat);
  ids.insert(ids.end(), {end_of_turn, vision_start});
  return ids;
}

}  // namespace orrery
