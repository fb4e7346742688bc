#include "app/manifest/prompts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>

#include "app/manifest/builtin_negative_prompt.h"
#include "base/core/error.h"
#include "io/text/python_json.h"
#include "models/zoo/random_models.h"

namespace orrery {
namespace {

bool needs_negative_text(const Request& r) { return r.guided() && !r.negative_token_ids; }

ClipFacts facts_of(const Request& r) { return {r.num_frames, r.fps, r.height, r.width, r.aspect_ratio}; }

// The first id outside the vocabulary; none: all are inside.
std::optional<std::int64_t> id_beyond(const std::vector<std::int64_t>& ids, std::int64_t vocabulary) {
  const auto found = std::find_if(ids.begin(), ids.end(), [&](std::int64_t id) { return id >= vocabulary; });
  return found == ids.end() ? std::nullopt : std::optional(*found);
}

// A message about the first id outside the vocabulary, or "".
std::string vocabulary_reason(const TokenIds& ids, std::int64_t vocabulary, const char* what) {
  const std::optional<std::int64_t> beyond = id_beyond(ids, vocabulary);
  return beyond ? fmt::format("{}: token id {} is not among the checkpoint's {}", what, *beyond, vocabulary) : "";
}

}  // namespace

std::string builtin_negative_prompt() {
  const std::optional<PythonObject> object = PythonObject::parse(kBuiltinNegativePrompt);
  require(object.has_value(), "the built-in negative prompt is not a JSON object");
  return object->dump();
}

std::string default_negative_prompt(const std::filesystem::path& file) {
  if (file.empty()) return builtin_negative_prompt();
  std::string text = read_negative_prompt(file);
  require_input(text.find('\0') == std::string::npos, file.string() + ": has a null character: remove it");
  return text;
}

CaptionIds tokenizer_in(const std::filesystem::path& folder) {
  return [folder, tokenizer = std::shared_ptr<const Tokenizer>()](const std::string& caption) mutable {
    if (!tokenizer) tokenizer = std::make_shared<const Tokenizer>(Tokenizer::load(folder));
    return prompt_ids(*tokenizer, caption);
  };
}

std::vector<std::string> unreadable_texts(const Request& request) {
  const auto instead = [](const char* field, const char* key) {
    return fmt::format(
        "{}: the checkpoint is a Cosmos3-Edge one, whose tokenizer and chat template are not implemented: give {}",
        field, key);
  };
  std::vector<std::string> problems;
  if (!request.prompt_token_ids) problems.push_back(instead("prompt", "prompt_token_ids"));
  if (needs_negative_text(request)) {
    problems.push_back(instead("negative_prompt", "negative_token_ids, or guidance_scale 1"));
  }
  return problems;
}

std::vector<std::string> unknown_token_ids(const Request& request, std::int64_t vocabulary) {
  std::vector<std::string> problems;
  const auto check = [&](const char* field, const std::optional<std::vector<std::int64_t>>& ids) {
    const std::optional<std::int64_t> beyond = ids ? id_beyond(*ids, vocabulary) : std::nullopt;
    if (!beyond) return;
    problems.push_back(
        fmt::format("{}: {} is not a token id of the checkpoint, which has 0 to {}", field, *beyond, vocabulary - 1));
  };
  check("prompt_token_ids", request.prompt_token_ids);
  check("negative_token_ids", request.negative_token_ids);
  return problems;
}

CaptionIds tokenizer_of(const std::filesystem::path& checkpoint) {
  if (is_random_checkpoint(checkpoint)) return byte_ids;
  return tokenizer_in(checkpoint / "text_tokenizer");
}

const std::string& PromptReader::default_negative(const Request& r) const {
  static const std::string builtin = builtin_negative_prompt(), none;
  return r.picture() && r.semantics == Semantics::Native && default_negative_ == builtin ? none : default_negative_;
}

ResolvedPrompt PromptReader::operator()(const Request& r, bool comes_again) {
  ResolvedPrompt prompt;
  if (r.prompt_token_ids) {
    prompt.ids = *r.prompt_token_ids;
  } else {
    prompt.caption = prompt_text({r.prompt, "", "", r.append_metadata}, facts_of(r), r.semantics).caption;
    prompt.ids = ids_of_caption(prompt.caption, comes_again);
  }
  if (r.guided()) prompt.negative_ids = negative_ids(r);
  return prompt;
}

std::string PromptReader::negative_caption(const Request& r) const {
  if (!needs_negative_text(r)) return "";
  const PromptSource source{"", r.negative_prompt, default_negative(r), r.append_metadata};
  return prompt_text(source, facts_of(r), r.semantics).negative_caption;
}

TokenIds PromptReader::ids_of_caption(const std::string& caption, bool comes_again) {
  const auto known = ids_of_captions_.find(caption);
  if (known != ids_of_captions_.end()) return known->second;
  TokenIds::Values values = ids_of_(caption);
  values.shrink_to_fit();
  TokenIds ids(std::move(values));
  if (comes_again) ids_of_captions_.emplace(caption, ids);
  return ids;
}

TokenIds PromptReader::negative_ids(const Request& r) {
  if (r.negative_token_ids) return *r.negative_token_ids;
  if (r.negative_prompt) return ids_of_caption(negative_caption(r), true);
  const Facts facts{r.num_frames, r.fps, r.height, r.width, r.append_metadata, r.semantics};
  const auto known = default_ids_.find(facts);
  if (known != default_ids_.end()) return known->second;
  return default_ids_.emplace(facts, ids_of_caption(negative_caption(r), true)).first->second;
}

RepeatedPrompts::RepeatedPrompts(const std::deque<Request>& requests) {
  std::vector<std::size_t> all;
  all.reserve(requests.size());
  for (const Request& request : requests) all.push_back(std::hash<std::string>()(request.prompt));
  std::sort(all.begin(), all.end());
  for (std::size_t i = 1; i < all.size(); ++i) {
    if (all[i] == all[i - 1] && (hashes_.empty() || hashes_.back() != all[i])) hashes_.push_back(all[i]);
  }
}

bool RepeatedPrompts::has(const Request& request) const {
  return std::binary_search(hashes_.begin(), hashes_.end(), std::hash<std::string>()(request.prompt));
}

std::string vocabulary_problem(const ResolvedPrompt& prompt, std::int64_t vocabulary) {
  const std::string reason = vocabulary_reason(prompt.ids, vocabulary, "prompt");
  return reason.empty() ? vocabulary_reason(prompt.negative_ids, vocabulary, "negative prompt") : reason;
}

}  // namespace orrery
