#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "io/text/prompt.h"
#include "pipeline/request.h"
#include "pipeline/token_ids.h"

namespace orrery {

// The model's text input for one request. The caption is empty when the request gives token ids instead; the negative
// ids are empty without guidance.
struct ResolvedPrompt {
  std::string caption;
  TokenIds ids;
  TokenIds negative_ids;
};

// Orrery's default negative prompt: inputs/negative_prompt.json at build time.
std::string builtin_negative_prompt();

// The negative prompt in `file`, or the built-in one if `file` is empty. Throws InputError.
std::string default_negative_prompt(const std::filesystem::path& file);

// Returns the token ids of a caption, including the closing ones. Throws InputError.
using CaptionIds = std::function<std::vector<std::int64_t>(const std::string& caption)>;

// The tokenizer in `folder`. The first call loads it and throws InputError when it is not valid.
CaptionIds tokenizer_in(const std::filesystem::path& folder);

// The texts of a request for a checkpoint whose chat template is not implemented (Cosmos3-Edge), each "FIELD: REASON";
// empty: the request has token ids instead.
std::vector<std::string> unreadable_texts(const Request& request);

// A problem for each list of token ids in the request with an id outside the vocabulary of `vocabulary` ids, each
// "FIELD: REASON".
std::vector<std::string> unknown_token_ids(const Request& request, std::int64_t vocabulary);

// The tokenizer of `checkpoint`: the one in its folder, or byte_ids() for random weights.
CaptionIds tokenizer_of(const std::filesystem::path& checkpoint);

// Turns the texts of requests into token ids and caches them, since a manifest may have 100,000 lines and one negative
// prompt. The built-in negative prompt is for videos; for pictures it is replaced by an empty one (MODES.md B), except
// with --semantics seed.
class PromptReader {
 public:
  PromptReader(CaptionIds ids_of, std::string default_negative)
      : ids_of_(std::move(ids_of)), default_negative_(std::move(default_negative)) {}

  // Calls the tokenizer only when the request has a text. Does not cache the prompt's ids if the prompt will not come
  // again. Throws InputError.
  ResolvedPrompt operator()(const Request& request, bool comes_again = true);
  // The caption of the negative prompt; empty when the request gives negative token ids or has no guidance.
  std::string negative_caption(const Request& request) const;

 private:
  TokenIds ids_of_caption(const std::string& caption, bool comes_again);
  TokenIds negative_ids(const Request& request);
  const std::string& default_negative(const Request& request) const;

  CaptionIds ids_of_;
  std::string default_negative_;
  std::unordered_map<std::string, TokenIds> ids_of_captions_;
  // Cache of the default negative prompt's ids, by the clip's properties in its caption (without its text, which is
  // long): frames, fps, height, width, append_metadata, semantics.
  using Facts = std::tuple<std::int64_t, double, std::int64_t, std::int64_t, bool, Semantics>;
  std::map<Facts, TokenIds> default_ids_;
};

// Knows which prompts occur in more than one request. Compares hashes, so a unique prompt may rarely count as repeated.
class RepeatedPrompts {
 public:
  explicit RepeatedPrompts(const std::deque<Request>& requests);
  bool has(const Request& request) const;

 private:
  std::vector<std::size_t> hashes_;  // of repeated prompts, sorted
};

// Why a model with `vocabulary` token ids cannot read the prompt, for example when the tokenizer is from another model;
// "" when it can.
std::string vocabulary_problem(const ResolvedPrompt& prompt, std::int64_t vocabulary);

}  // namespace orrery
