#pragma once

#include <sentencepiece_processor.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "io/text/added_tokens.h"

namespace orrery {

// A trained SentencePiece model of any type, used with its own normaliser and its own ids.
class SentencePieceFile {
 public:
  // The model's control pieces join `added`: SentencePiece itself never finds them in a text. Throws InputError.
  SentencePieceFile(const std::filesystem::path& path, AddedTokens& added);

  // Appends the ids of a stretch of text without added tokens.
  void encode(std::string_view utf8, std::vector<std::int64_t>& ids) const;

  std::optional<std::int64_t> id_of(std::string_view token) const;

 private:
  std::unique_ptr<sentencepiece::SentencePieceProcessor> processor_;
};

}  // namespace orrery
