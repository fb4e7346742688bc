#include "io/text/tokenizer_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "base/core/error.h"
#include "base/core/file.h"
#include "io/text/json_field.h"
#include "io/text/utf8.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;

std::vector<std::pair<std::string, std::string>> read_merges_file(const fs::path& path) {
  const std::string text = read_file(path);
  require_utf8(text, path.string());
  std::istringstream lines(text);
  std::vector<std::pair<std::string, std::string>> merges;
  std::string line;
  for (std::int64_t number = 1; std::getline(lines, line); ++number) {
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty() || (number == 1 && line.starts_with("#version"))) continue;
    merges.push_back(split_merge(line, fmt::format("{}:{}", path.string(), number)));
  }
  return merges;
}

void check_class(const fs::path& config) {
  if (!is_there(config)) return;
  const SortedJson content = parse_sorted_json_file(config);
  const JsonField root(content, config.string());
  if (!root.has("tokenizer_class")) return;
  const JsonField name = root.at("tokenizer_class");
  if (!name.string().starts_with("Qwen2Tokenizer")) {
    name.refuse("Qwen2Tokenizer: other tokenizers need a tokenizer.json, which spells out their pattern");
  }
}

std::int64_t id_from_key(const std::string& key, const JsonField& table) {
  const bool digits = !key.empty() && key.size() <= 9 && key.find_first_not_of("0123456789") == std::string::npos;
  require_input(digits, table.where() + ": found the key \"" + key + "\", expected a token id");
  return std::stoll(key);
}

void require_value(const JsonField& parent, const std::string& key, const std::string& expected) {
  const JsonField field = parent.at(key);
  if (field.string() != expected) field.refuse("\"" + expected + "\": nothing else is implemented");
}

std::vector<std::pair<std::string, std::string>> read_merges(const JsonField& field) {
  std::vector<std::pair<std::string, std::string>> merges;
  merges.reserve(field.array().size());
  for (const SortedJson& entry : field.array()) {
    const bool is_pair = entry.is_array() && entry.size() == 2 && entry[0].is_string() && entry[1].is_string();
    if (is_pair) {
      merges.emplace_back(entry[0].get<std::string>(), entry[1].get<std::string>());
    } else {
      const JsonField place = field.at(merges.size());
      if (!entry.is_string()) place.refuse("two tokens: \"a b\" or [\"a\", \"b\"]");
      merges.push_back(split_merge(entry.get<std::string>(), place.where()));
    }
  }
  return merges;
}

void read_added(const JsonField& root, AddedTokens& added) {
  if (!root.has("added_tokens")) return;
  const JsonField list = root.at("added_tokens");
  for (std::size_t i = 0; i < list.array().size(); ++i) {
    const JsonField token = list.at(i);
    add_token(token, token.at("id").id(), added);
  }
}

// Reads the pattern from the only layout that byte-level BPE tokenizers with their own pattern use: Split, then
// ByteLevel for the bytes only.
std::string read_pattern(const JsonField& root, std::string& source) {
  require_value(root.at("normalizer"), "type", "NFC");
  const JsonField sequence = root.at("pre_tokenizer");
  require_value(sequence, "type", "Sequence");
  const JsonField steps = sequence.at("pretokenizers");
  if (steps.array().size() != 2) steps.refuse("two steps, Split and ByteLevel");
  const JsonField split = steps.at(0);
  const JsonField bytes = steps.at(1);
  require_value(split, "type", "Split");
  require_value(split, "behavior", "Isolated");
  split.require_neutral("invert");
  require_value(bytes, "type", "ByteLevel");
  bytes.require_neutral("add_prefix_space");
  if (!bytes.has("use_regex")) bytes.refuse("\"use_regex\": false");  // absent means true
  bytes.require_neutral("use_regex");
  const JsonField pattern = split.at("pattern").at("Regex");
  source = pattern.where();
  return pattern.string();
}

void check_model(const JsonField& model) {
  require_value(model, "type", "BPE");
  for (const char* setting : {"dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk",
                              "byte_fallback", "ignore_merges"}) {
    model.require_neutral(setting);
  }
}

}  // namespace

std::unordered_map<std::string, std::int64_t> read_vocabulary(const JsonField& field) {
  std::unordered_map<std::string, std::int64_t> vocabulary;
  vocabulary.reserve(field.object().size());
  for (const auto& [token, id] : field.object()) {
    vocabulary.emplace(token, JsonField(id, field.where(), token).id());
  }
  return vocabulary;
}

void add_token(const JsonField& token, std::int64_t id, AddedTokens& added) {
  for (const char* flag : {"lstrip", "rstrip", "single_word", "normalized"}) token.require_neutral(flag);
  added.add(token.at("content").string(), id, token.where());
}

std::pair<std::string, std::string> split_merge(const std::string& line, const std::string& where) {
  const std::size_t blank = line.find(' ');
  const bool two = blank != std::string::npos && blank > 0 && blank + 1 < line.size() && blank == line.rfind(' ');
  require_input(two, where + ": found \"" + line + "\", expected two tokens with a blank between them");
  return {line.substr(0, blank), line.substr(blank + 1)};
}

BpeTables read_vocabulary_and_merges(const fs::path& folder) {
  check_class(folder / "tokenizer_config.json");
  const fs::path path = folder / "vocab.json";
  const SortedJson content = parse_sorted_json_file(path);
  BpeTables tables;
  tables.vocabulary = read_vocabulary(JsonField(content, path.string()));
  tables.vocabulary_source = path.string();
  tables.merges = read_merges_file(folder / "merges.txt");
  tables.merges_source = (folder / "merges.txt").string();
  tables.pattern = kQwenPattern;
  tables.pattern_source = "the pattern of Qwen's tokenizer";
  return tables;
}

void read_added_tokens(const fs::path& folder, AddedTokens& added) {
  const fs::path plain = folder / "added_tokens.json";
  if (is_there(plain)) {
    const SortedJson content = parse_sorted_json_file(plain);
    const JsonField table(content, plain.string());
    for (const auto& [token, id] : table.object()) added.add(token, table.at(token).id(), plain.string());
  }
  const fs::path config = folder / "tokenizer_config.json";
  if (!is_there(config)) return;
  const SortedJson content = parse_sorted_json_file(config);
  const JsonField root(content, config.string());
  if (!root.has("added_tokens_decoder")) return;
  const JsonField table = root.at("added_tokens_decoder");
  for (const auto& [key, token] : table.object()) add_token(table.at(key), id_from_key(key, table), added);
}

BpeTables read_tokenizer_json(const std::filesystem::path& path, AddedTokens& added) {
  const SortedJson content = parse_sorted_json_file(path);
  const JsonField root(content, path.string());
  const JsonField model = root.at("model");
  check_model(model);
  BpeTables tables;
  tables.pattern = read_pattern(root, tables.pattern_source);
  tables.vocabulary = read_vocabulary(model.at("vocab"));
  tables.vocabulary_source = model.at("vocab").where();
  tables.merges = read_merges(model.at("merges"));
  tables.merges_source = model.at("merges").where();
  read_added(root, added);
  return tables;
}

}  // namespace orrery
