#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "pipeline/request.h"
#include "text/prompt.h"

namespace orrery {

// What the model reads for one request. A text is empty where the request gives token ids in its place; the negative
// ones are empty when guidance is off.
struct ResolvedPrompt {
  PromptText text;
  std::vector<std::int64_t> ids;
  std::vector<std::int64_t> negative_ids;
};

// The default negative prompt, our own: inputs/negative_prompt.json as it was at build time.
std::string builtin_negative_prompt();

// `file`'s negative prompt, or the built-in one when `file` is empty. Throws InputError.
std::string default_negative_prompt(const std::filesystem::path& file);

// The token ids of a caption, with the closing ones. Throws InputError.
using CaptionIds = std::function<std::vector<std::int64_t>(const std::string& caption)>;

// The tokenizer in `folder`, loaded when the first caption needs it: what is wrong with it is an InputError then.
CaptionIds tokenizer_in(const std::filesystem::path& folder);

// What the checkpoint called `checkpoint` reads texts with: the tokenizer in its folder, or bytes for random weights.
CaptionIds tokenizer_of(const std::filesystem::path& checkpoint);

// Texts and ids of all requests, in order. `ids_of` is called only where a text is wanted. Throws InputError.
std::vector<ResolvedPrompt> resolve_prompts(const std::vector<Request>& requests, const CaptionIds& ids_of,
                                            const std::string& default_negative);

// Throws one InputError with a line for each request that has a token id of `vocabulary` or above.
void require_in_vocabulary(const std::vector<Request>& requests, const std::vector<ResolvedPrompt>& prompts,
                           std::int64_t vocabulary);

}  // namespace orrery
