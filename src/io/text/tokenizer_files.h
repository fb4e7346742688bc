#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <unordered_map>
#include <utility>

#include "io/text/json_field.h"
#include "io/text/token_tables.h"

namespace orrery {

// The files of a tokenizer's folder. All throw InputError that names the file, and the line or key.

// A tokenizer.json that describes byte-level BPE; its added tokens join `added`. Settings that are not implemented are
// refused by name.
BpeTables read_tokenizer_json(const std::filesystem::path& path, AddedTokens& added);

// vocab.json and merges.txt, read as Qwen's tokenizer: these two do not name their pattern. A tokenizer_config.json
// that names another tokenizer_class is refused.
BpeTables read_vocabulary_and_merges(const std::filesystem::path& folder);

// added_tokens.json and tokenizer_config.json, if there.
void read_added_tokens(const std::filesystem::path& folder, AddedTokens& added);

// {"token": id, …}
std::unordered_map<std::string, std::int64_t> read_vocabulary(const JsonField& field);

// {"content": …, "lstrip": …, …}; tokens that take blanks along or hold within words only are refused.
void add_token(const JsonField& token, std::int64_t id, AddedTokens& added);

// "a b" to its two parts; `where` is named in the message.
std::pair<std::string, std::string> split_merge(const std::string& line, const std::string& where);

}  // namespace orrery
