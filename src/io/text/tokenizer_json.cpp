#include "io/text/tokenizer_json.h"

#include "base/core/error.h"
#include "io/text/json_field.h"
#include "io/text/vocabulary_files.h"

namespace orrery {
namespace {

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

// The one layout that byte-level BPE tokenizers with an own pattern use: Split, then ByteLevel for the bytes alone.
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
