#include "app/prompts.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>

#include "app/builtin_negative_prompt.h"
#include "app/random_models.h"
#include "core/error.h"
#include "text/python_json.h"

namespace orrery {
namespace {

bool needs_negative_text(const Request& r) { return r.guided() && !r.negative_token_ids; }

ResolvedPrompt resolve(const Request& r, const CaptionIds& ids_of, const std::string& default_negative) {
  const ClipFacts clip{r.num_frames, r.fps, r.height, r.width, r.aspect_ratio};
  const PromptText text =
      prompt_text({r.prompt, r.negative_prompt, default_negative, r.append_metadata}, clip, r.semantics);
  ResolvedPrompt prompt;
  if (r.prompt_token_ids) {
    prompt.ids = *r.prompt_token_ids;
  } else {
    prompt.text.caption = text.caption;
    prompt.ids = ids_of(text.caption);
  }
  if (needs_negative_text(r)) {
    prompt.text.negative_caption = text.negative_caption;
    prompt.negative_ids = ids_of(text.negative_caption);
  } else if (r.guided()) {
    prompt.negative_ids = *r.negative_token_ids;
  }
  return prompt;
}

// "" when every id is a row of the embedding.
std::string vocabulary_reason(const std::vector<std::int64_t>& ids, std::int64_t vocabulary, const char* what) {
  const auto too_large = std::find_if(ids.begin(), ids.end(), [&](std::int64_t id) { return id >= vocabulary; });
  if (too_large == ids.end()) return "";
  return std::string(what) + ": token id " + std::to_string(*too_large) + " is not among the checkpoint's " +
         std::to_string(vocabulary);
}

}  // namespace

std::string builtin_negative_prompt() {
  const std::optional<PythonObject> object = PythonObject::parse(kBuiltinNegativePrompt);
  require(object.has_value(), "the built-in negative prompt is not a JSON object");
  return object->dump();
}

std::string default_negative_prompt(const std::filesystem::path& file) {
  return file.empty() ? builtin_negative_prompt() : read_negative_prompt(file);
}

CaptionIds tokenizer_in(const std::filesystem::path& folder) {
  return [folder, tokenizer = std::shared_ptr<const Tokenizer>()](const std::string& caption) mutable {
    if (!tokenizer) tokenizer = std::make_shared<const Tokenizer>(Tokenizer::load(folder));
    return prompt_ids(*tokenizer, caption);
  };
}

CaptionIds tokenizer_of(const std::filesystem::path& checkpoint) {
  if (is_random_checkpoint(checkpoint)) return byte_ids;
  return tokenizer_in(checkpoint / "text_tokenizer");
}

std::vector<ResolvedPrompt> resolve_prompts(const std::vector<Request>& requests, const CaptionIds& ids_of,
                                            const std::string& default_negative) {
  std::vector<ResolvedPrompt> prompts;
  prompts.reserve(requests.size());
  for (const Request& request : requests) prompts.push_back(resolve(request, ids_of, default_negative));
  return prompts;
}

void require_in_vocabulary(const std::vector<Request>& requests, const std::vector<ResolvedPrompt>& prompts,
                           std::int64_t vocabulary) {
  std::string problems;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    for (const std::string& reason : {vocabulary_reason(prompts[i].ids, vocabulary, "prompt"),
                                      vocabulary_reason(prompts[i].negative_ids, vocabulary, "negative prompt")}) {
      if (reason.empty()) continue;
      if (!problems.empty()) problems += "\n";
      problems += "id \"" + requests[i].id + "\": " + reason;
    }
  }
  require_input(problems.empty(), problems);
}

}  // namespace orrery
