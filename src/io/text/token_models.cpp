#include "io/text/token_models.h"

#include <fmt/format.h>

#include <bit>
#include <exception>
#include <mutex>
#include <string>
#include <unordered_set>
#include <utility>

#include "base/core/error.h"
#include "base/core/file.h"
#include "io/text/token_tables.h"

namespace orrery {
namespace {

// A message of sentencepiece_model.proto in protobuf's wire format.
class Message {
 public:
  void number(unsigned field, std::uint64_t value) {
    key(field, 0);
    varint(value);
  }
  void text(unsigned field, std::string_view value) {
    key(field, 2);
    varint(value.size());
    bytes_ += value;
  }
  void real(unsigned field, float value) {
    key(field, 5);
    const auto bits = std::bit_cast<std::uint32_t>(value);
    for (const unsigned shift : {0U, 8U, 16U, 24U}) bytes_ += static_cast<char>(bits >> shift & 0xFFU);
  }
  const std::string& bytes() const { return bytes_; }

 private:
  void key(unsigned field, unsigned wire_type) { varint(field << 3U | wire_type); }
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7U) bytes_ += static_cast<char>(value | 0x80U);
    bytes_ += static_cast<char>(value);
  }
  std::string bytes_;
};

constexpr unsigned kNormal = 1;
constexpr unsigned kUnknown = 2;

std::string piece(std::string_view content, float score, unsigned type) {
  Message message;
  message.text(1, content);
  message.real(2, score);
  message.number(3, type);
  return message.bytes();
}

std::string bpe_trainer() {
  Message message;
  message.number(3, 2);  // model_type BPE
  return message.bytes();
}

std::string identity_normalizer() {
  Message message;
  message.text(1, "identity");
  message.number(3, 0);  // add_dummy_prefix
  message.number(4, 0);  // remove_extra_whitespaces
  message.number(5, 0);  // escape_whitespaces
  return message.bytes();
}

// The id of `token`; throws InputError when it is missing. who() says what needs the token; it is a function because
// the text is needed for bad files only.
template <class Who>
std::int64_t id_in(const BpeTables& tables, const std::string& token, const Who& who) {
  const auto place = tables.vocabulary.find(token);
  if (place != tables.vocabulary.end()) return place->second;
  throw InputError(who() + "\"" + token + "\", which " + tables.vocabulary_source +
                   " lacks: these files do not belong together");
}

std::string merge_name(const BpeTables& tables, std::size_t rank) {
  const auto& [left, right] = tables.merges[rank];
  return fmt::format("{}: merge {} (\"{} {}\")", tables.merges_source, rank + 1, left, right);
}

// The id of a merge's product; throws InputError when it or a part is missing.
std::int64_t check_merge(const BpeTables& tables, std::size_t rank) {
  const auto& [left, right] = tables.merges[rank];
  const auto joins = [&] { return merge_name(tables, rank) + " joins "; };
  id_in(tables, left, joins);
  id_in(tables, right, joins);
  return id_in(tables, left + right, [&] { return merge_name(tables, rank) + " makes "; });
}

// Loads the model and returns the problem, or "". SentencePiece reports problems by status, but by exception when its
// index cannot be built.
std::string loading_problem(sentencepiece::SentencePieceProcessor& processor, const std::string& model) {
  try {
    const sentencepiece::util::Status status = processor.LoadFromSerializedProto(model);
    return status.ok() ? "" : status.ToString();
  } catch (const std::exception& e) {
    return e.what();
  }
}

}  // namespace

bool WordCache::append(std::string_view word, std::vector<std::int64_t>& ids) const {
  const std::shared_lock lock(mutex_);
  const auto place = words_.find(word);
  if (place == words_.end()) return false;
  ids.insert(ids.end(), place->second.begin(), place->second.end());
  return true;
}

void WordCache::keep(std::string_view word, const std::vector<std::int64_t>& ids, std::size_t begin) {
  if (word.size() > kLongestWord) return;
  const std::unique_lock lock(mutex_);
  if (words_.size() == kMostWords) return;
  words_.try_emplace(std::string(word), ids.begin() + static_cast<std::ptrdiff_t>(begin), ids.end());
}

MergeModel::MergeModel(const BpeTables& tables)
    : processor_(std::make_unique<sentencepiece::SentencePieceProcessor>()) {
  Message model;
  const auto add = [&](std::string_view content, float score, unsigned type, std::int64_t id) {
    model.text(1, piece(content, score, type));
    ids_.push_back(id);
  };
  add(" ", 0, kUnknown, -1);  // the unknown piece, which SentencePiece requires; the byte alphabet has no blank
  for (const std::string& byte : byte_alphabet()) {
    add(byte, 0, kNormal, id_in(tables, byte, [] { return std::string("byte-level BPE needs the byte "); }));
  }
  std::unordered_set<std::string> made;
  for (std::size_t rank = 0; rank < tables.merges.size(); ++rank) {
    const auto& [left, right] = tables.merges[rank];
    const std::int64_t id = check_merge(tables, rank);
    if (!made.insert(left + right).second) {
      throw InputError(merge_name(tables, rank) + " makes a token that an earlier merge makes, too: not implemented");
    }
    add(left + right, -static_cast<float>(rank), kNormal, id);
  }
  model.text(2, bpe_trainer());
  model.text(3, identity_normalizer());
  const std::string problem = loading_problem(*processor_, model.bytes());
  require_input(problem.empty(), tables.vocabulary_source + ": SentencePiece refuses the pieces: " + problem);
}

void MergeModel::encode(std::string_view word, std::vector<std::int64_t>& ids) const {
  std::vector<int> pieces;
  const sentencepiece::util::Status status = processor_->Encode(word, &pieces);
  if (!status.ok()) fail("merge the bytes of a word", status.ToString());
  for (const int index : pieces) ids.push_back(ids_.at(static_cast<std::size_t>(index)));
}

ByteLevelBpe::ByteLevelBpe(BpeTables tables)
    : splitter_(tables.pattern, tables.pattern_source),
      merges_(tables),
      vocabulary_(std::move(tables.vocabulary)),
      known_(std::make_unique<WordCache>()) {}

void ByteLevelBpe::encode(std::string_view utf8, std::vector<std::int64_t>& ids) const {
  for (const std::string& word : splitter_.split(utf8)) {
    if (known_->append(word, ids)) continue;
    const std::size_t begin = ids.size();
    merges_.encode(spell_bytes(word), ids);
    known_->keep(word, ids, begin);
  }
}

std::optional<std::int64_t> ByteLevelBpe::id_of(std::string_view token) const {
  const auto place = vocabulary_.find(std::string(token));
  return place == vocabulary_.end() ? std::nullopt : std::optional(place->second);
}

SentencePieceFile::SentencePieceFile(const std::filesystem::path& path, AddedTokens& added)
    : path_(path.string()), processor_(std::make_unique<sentencepiece::SentencePieceProcessor>()) {
  const std::string problem = loading_problem(*processor_, read_file(path));
  require_input(problem.empty(), path.string() + ": not a SentencePiece model: " + problem);
  for (int id = 0; id < processor_->GetPieceSize(); ++id) {
    if (processor_->IsControl(id)) added.add(processor_->IdToPiece(id), id, path.string());
  }
}

void SentencePieceFile::encode(std::string_view utf8, std::vector<std::int64_t>& ids) const {
  std::vector<int> pieces;
  const sentencepiece::util::Status status = processor_->Encode(utf8, &pieces);
  require_input(status.ok(), path_ + ": its pieces cannot spell a text: " + status.ToString());
  ids.insert(ids.end(), pieces.begin(), pieces.end());
}

std::optional<std::int64_t> SentencePieceFile::id_of(std::string_view token) const {
  const int id = processor_->PieceToId(token);  // the unknown piece's id when there is no such piece
  return processor_->IdToPiece(id) == token ? std::optional<std::int64_t>(id) : std::nullopt;
}

}  // namespace orrery
