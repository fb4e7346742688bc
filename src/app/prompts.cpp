#include "app/prompts.h"

#include <algorithm>
#include <cstddef>
#include <optional>

#include "app/builtin_negative_prompt.h"
#include "core/error.h"
#include "text/python_json.h"

namespace orrery {
namespace {

bool needs_negative_text(const Request& r) { return r.guided() && !r.negative_token_ids; }

bool needs_tokenizer(const Request& r) { return !r.prompt_token_ids || needs_negative_text(r); }

ResolvedPrompt resolve(const Request& r, const Tokenizer* tokenizer, const std::string& default_negative,
                       Semantics semantics) {
  const ClipFacts clip{r.num_frames, r.fps, r.height, r.width, r.aspect_ratio};
  const PromptText text =
      prompt_text({r.prompt, r.negative_prompt, default_negative, r.append_metadata}, clip, semantics);
  ResolvedPrompt prompt;
  if (r.prompt_token_ids) {
    prompt.ids = *r.prompt_token_ids;
  } else {
    prompt.text.caption = text.caption;
    prompt.ids = prompt_ids(*tokenizer, text.caption);
  }
  if (needs_negative_text(r)) {
    prompt.text.negative_caption = text.negative_caption;
    prompt.negative_ids = prompt_ids(*tokenizer, text.negative_caption);
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

std::vector<ResolvedPrompt> resolve_prompts(const std::vector<Request>& requests,
                                            const std::filesystem::path& tokenizer_folder,
                                            const std::string& default_negative, Semantics semantics) {
  std::optional<Tokenizer> tokenizer;
  if (std::any_of(requests.begin(), requests.end(), needs_tokenizer)) tokenizer = Tokenizer::load(tokenizer_folder);
  std::vector<ResolvedPrompt> prompts;
  prompts.reserve(requests.size());
  for (const Request& request : requests) {
    prompts.push_back(resolve(request, tokenizer ? &*tokenizer : nullptr, default_negative, semantics));
  }
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
