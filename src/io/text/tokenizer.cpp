#include "io/text/tokenizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "base/core/error.h"
#include "base/core/file.h"
#include "io/text/token_models.h"
#include "io/text/token_tables.h"
#include "io/text/tokenizer_files.h"
#include "io/text/utf8.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;

using Words = std::variant<ByteLevelBpe, SentencePieceFile>;

constexpr std::size_t kMaxBytes = std::size_t{1} << 28U;  // ICU and SentencePiece count in 32 bits

std::vector<fs::path> sentence_piece_files(const fs::path& folder) {
  std::vector<fs::path> found;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".model") found.push_back(entry.path());
  }
  std::ranges::sort(found);
  return found;
}

Words load_words(const fs::path& folder, AddedTokens& added) {
  require_input(is_folder(folder), folder.string() + ": no such folder, expected the tokenizer's files in it");
  if (is_there(folder / "tokenizer.json")) return ByteLevelBpe(read_tokenizer_json(folder / "tokenizer.json", added));
  if (is_there(folder / "vocab.json") || is_there(folder / "merges.txt")) {
    return ByteLevelBpe(read_vocabulary_and_merges(folder));
  }
  const std::vector<fs::path> models = sentence_piece_files(folder);
  require_input(!models.empty(), folder.string() + ": no tokenizer here, expected tokenizer.json, vocab.json with " +
                                     "merges.txt, or a SentencePiece *.model");
  if (models.size() > 1) {
    throw InputError(fmt::format("{}: found {} *.model files ({}, {}), expected one", folder.string(), models.size(),
                                 models[0].filename().string(), models[1].filename().string()));
  }
  return SentencePieceFile(models.front(), added);
}

}  // namespace

struct Tokenizer::Parts {
  fs::path folder;
  AddedTokens added;
  Words words;
};

Tokenizer::Tokenizer(std::unique_ptr<const Parts> parts) : parts_(std::move(parts)) {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

Tokenizer Tokenizer::load(const fs::path& folder) {
  AddedTokens added;
  Words words = load_words(folder, added);
  read_added_tokens(folder, added);
  return Tokenizer(std::make_unique<const Parts>(Parts{folder, std::move(added), std::move(words)}));
}

std::vector<std::int64_t> Tokenizer::encode(std::string_view utf8) const {
  require_input(utf8.size() <= kMaxBytes,
                fmt::format("the text has {} bytes, expected at most {}", utf8.size(), kMaxBytes));
  require_utf8(utf8, "the text");
  std::vector<std::int64_t> ids;
  for (const AddedTokens::Stretch& stretch : parts_->added.cut(utf8)) {
    if (stretch.id) {
      ids.push_back(*stretch.id);
    } else {
      std::visit([&](const auto& words) { words.encode(stretch.text, ids); }, parts_->words);
    }
  }
  return ids;
}

std::int64_t Tokenizer::id_of(std::string_view token) const {
  const std::optional<std::int64_t> added = parts_->added.id_of(token);
  if (added) return *added;
  const auto id = std::visit([&](const auto& words) { return words.id_of(token); }, parts_->words);
  require_input(id.has_value(),
                parts_->folder.string() + ": the tokenizer has no token \"" + std::string(token) + "\"");
  return *id;
}

}  // namespace orrery
