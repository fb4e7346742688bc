#pragma once

#include <sentencepiece_processor.h>

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "io/text/bpe_tables.h"

namespace orrery {

// Merges the bytes of one word, by a SentencePiece BPE model that is built in memory.
//
// SentencePiece joins the neighbours whose joint piece has the best score. With score = -rank of the one merge that
// makes the piece, that is what byte-level BPE does: whatever lies inside the bytes of a piece evolves as it would
// alone, so the neighbours that make the piece are the two of its merge.
class MergeModel {
 public:
  // Throws InputError when the vocabulary lacks a byte or a merge's part or product, or when two merges make one piece
  // (then a score per piece would not be enough).
  explicit MergeModel(const BpeTables& tables);

  // Appends the ids of a word spelt in the byte alphabet.
  void encode(std::string_view word, std::vector<std::int64_t>& ids) const;

 private:
  std::unique_ptr<sentencepiece::SentencePieceProcessor> processor_;
  std::vector<std::int64_t> ids_;  // by SentencePiece's index
};

}  // namespace orrery
