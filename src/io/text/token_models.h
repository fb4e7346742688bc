#pragma once

#include <sentencepiece_processor.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "io/text/splitter.h"
#include "io/text/token_tables.h"

namespace orrery {

// Caches the ids of words that have been encoded, since texts repeat few words many times. Keeps only short words, and
// only the first kMostWords of them, in less than 10 MB. Thread-safe.
class WordCache {
 public:
  static constexpr std::size_t kMostWords = std::size_t{1} << 15U;
  static constexpr std::size_t kLongestWord = 48;  // bytes

  // Appends the word's ids; returns false when the cache does not have them.
  bool append(std::string_view word, std::vector<std::int64_t>& ids) const;

  // Stores ids[begin...] as the word's ids if there is room.
  void keep(std::string_view word, const std::vector<std::int64_t>& ids, std::size_t begin);

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  using Ids = std::vector<std::int64_t>;

  mutable std::shared_mutex mutex_;
  std::unordered_map<std::string, Ids, Hash, std::equal_to<>> words_;
};

// Merges the bytes of one word, by a SentencePiece BPE model that is built in memory.
//
// SentencePiece joins the neighbours whose joint piece has the best score. With the score -rank of the only merge that
// makes a piece, this equals byte-level BPE: the bytes of a piece are merged as they would be alone, so the neighbours
// that form the piece are the two parts of its merge.
class MergeModel {
 public:
  // Throws InputError when the vocabulary lacks a byte or a merge's part or product, or when two merges make the same
  // piece (then one score for each piece would not be enough).
  explicit MergeModel(const BpeTables& tables);

  // Appends the ids of a word that is spelt in the byte alphabet.
  void encode(std::string_view word, std::vector<std::int64_t>& ids) const;

 private:
  std::unique_ptr<sentencepiece::SentencePieceProcessor> processor_;
  std::vector<std::int64_t> ids_;  // by SentencePiece's index
};

// Byte-level BPE: normalizes text to NFC, splits it into words, and merges the bytes of each.
class ByteLevelBpe {
 public:
  // Throws InputError when the tables contradict themselves.
  explicit ByteLevelBpe(BpeTables tables);

  // Appends the ids of a stretch of text without added tokens.
  void encode(std::string_view utf8, std::vector<std::int64_t>& ids) const;

  std::optional<std::int64_t> id_of(std::string_view token) const;

 private:
  Splitter splitter_;
  MergeModel merges_;
  std::unordered_map<std::string, std::int64_t> vocabulary_;
  std::unique_ptr<WordCache> known_;
};

// A trained SentencePiece model of any type, used with its own normaliser and its own ids.
class SentencePieceFile {
 public:
  // Adds the model's control pieces to `added`, since SentencePiece itself never finds them in a text. Throws
  // InputError.
  SentencePieceFile(const std::filesystem::path& path, AddedTokens& added);

  // Appends the ids of a stretch of text without added tokens. Throws InputError where the model has no pieces for it.
  void encode(std::string_view utf8, std::vector<std::int64_t>& ids) const;

  std::optional<std::int64_t> id_of(std::string_view token) const;

 private:
  std::string path_;
  std::unique_ptr<sentencepiece::SentencePieceProcessor> processor_;
};

}  // namespace orrery
