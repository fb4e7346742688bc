#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "io/text/bpe_tables.h"
#include "io/text/merge_model.h"
#include "io/text/splitter.h"
#include "io/text/word_cache.h"

namespace orrery {

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

}  // namespace orrery
