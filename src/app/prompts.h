#pragma once

#include <cstdint>
#include <filesystem>
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

// The negative prompt that the published models were used with, from inputs/negative_prompt.json as it was at build
// time.
std::string builtin_negative_prompt();

// `file`'s negative prompt, or the built-in one when `file` is empty. Throws InputError.
std::string default_negative_prompt(const std::filesystem::path& file);

// Texts and ids of all requests, in order. The tokenizer in `tokenizer_folder` is loaded only when some text needs it.
// Throws InputError.
std::vector<ResolvedPrompt> resolve_prompts(const std::vector<Request>& requests,
                                            const std::filesystem::path& tokenizer_folder,
                                            const std::string& default_negative, Semantics semantics);

// Throws one InputError with a line for each request that has a token id of `vocabulary` or above.
void require_in_vocabulary(const std::vector<Request>& requests, const std::vector<ResolvedPrompt>& prompts,
                           std::int64_t vocabulary);

}  // namespace orrery
