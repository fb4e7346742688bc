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

// What the model reads for one request. The caption is empty where the request gives token ids in its place; the
// negative ids are empty when guidance is off.
struct ResolvedPrompt {
  std::string caption;
  TokenIds ids;
  TokenIds negative_ids;
};

// The default negative prompt, our own: inputs/negative_prompt.json as it was at build time.
std::string builtin_negative_prompt();

// `file`'s negative prompt, or the built-in one when `file` is empty. Throws InputError.
std::string default_negative_prompt(const std::filesystem::path& file);

// The token ids of a caption, with the closing ones. Throws InputError.
using CaptionIds = std::function<std::vector<std::int64_t>(const std::string& caption)>;

// The tokenizer in `folder`, loaded when the first caption needs it: what is wrong with it is an InputError then.
CaptionIds tokenizer_in(const std::filesystem::path& folder);

// What of a request is text although the checkpoint has a chat template that is not known (Cosmos3-Edge), each
// "FIELD: REASON"; empty: the request has token ids.
std::vector<std::string> unreadable_texts(const Request& request);

// Which of the token ids that a request gives are none of a model with `vocabulary` of them, each "FIELD: REASON".
std::vector<std::string> unknown_token_ids(const Request& request, std::int64_t vocabulary);

// What the checkpoint called `checkpoint` reads texts with: the tokenizer in its folder, or bytes for random weights.
CaptionIds tokenizer_of(const std::filesystem::path& checkpoint);

// Turns the texts of requests into ids, each distinct text once: a manifest may have 100,000 lines and one negative
// prompt. The built-in negative prompt is for videos: a picture's own is empty (MODES.md B), but for --semantics seed.
class PromptReader {
 public:
  PromptReader(CaptionIds ids_of, std::string default_negative)
      : ids_of_(std::move(ids_of)), default_negative_(std::move(default_negative)) {}

  // The tokenizer is asked only where a text is wanted. Where the prompt will not come again its ids are not
  // remembered. Throws InputError.
  ResolvedPrompt operator()(const Request& request, bool comes_again = true);
  // The text of the negative ids; empty where the request gives these, or has no guidance.
  std::string negative_caption(const Request& request) const;

 private:
  TokenIds ids_of_caption(const std::string& caption, bool comes_again);
  TokenIds negative_ids(const Request& request);
  const std::string& default_negative(const Request& request) const;

  CaptionIds ids_of_;
  std::string default_negative_;
  std::unordered_map<std::string, TokenIds> ids_of_captions_;
  // Of the default negative prompt, which is long, by what its caption says of the clip: frames, fps, height,
  // width, append_metadata, semantics.
  using Facts = std::tuple<std::int64_t, double, std::int64_t, std::int64_t, bool, Semantics>;
  std::map<Facts, TokenIds> default_ids_;
};

// Which prompts more than one request has. Compares hashes: rarely, by chance, another prompt counts as one of them.
class RepeatedPrompts {
 public:
  explicit RepeatedPrompts(const std::deque<Request>& requests);
  bool has(const Request& request) const;

 private:
  std::vector<std::size_t> hashes_;  // of those that do, sorted
};

// Why a model with `vocabulary` token ids cannot read the prompt, as where its tokenizer is another model's; or "".
std::string vocabulary_problem(const ResolvedPrompt& prompt, std::int64_t vocabulary);

}  // namespace orrery
