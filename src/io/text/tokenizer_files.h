#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <unordered_map>
#include <utility>

#include "io/text/json_field.h"
#include "io/text/token_tables.h"

namespace orrery {

// Readers for the files of a tokenizer's folder. All throw InputError that names the file and the line or key.

// Reads a tokenizer.json that describes byte-level BPE and adds its added tokens to `added`. Refuses settings that are
// not implemented, by name.
BpeTables read_tokenizer_json(const std::filesystem::path& path, AddedTokens& added);

// Reads vocab.json and merges.txt with Qwen's pattern, since they name none. Refuses a tokenizer_config.json that names
// another tokenizer_class.
BpeTables read_vocabulary_and_merges(const std::filesystem::path& folder);

// Reads added_tokens.json and tokenizer_config.json where they exist.
void read_added_tokens(const std::filesystem::path& folder, AddedTokens& added);

// Reads a JSON object {"token": id, …}.
std::unordered_map<std::string, std::int64_t> read_vocabulary(const JsonField& field);

// Adds a token described as {"content": …, "lstrip": …, …}. Refuses tokens that strip blanks or match single words
// only.
void add_token(const JsonField& token, std::int64_t id, AddedTokens& added);

// Splits "a b" into its two parts; `where` is named in the message.
std::pair<std::string, std::string> split_merge(const std::string& line, const std::string& where);

}  // namespace orrery
