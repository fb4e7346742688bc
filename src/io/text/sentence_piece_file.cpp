#include "io/text/sentence_piece_file.h"

#include "base/core/error.h"
#include "base/core/file.h"

namespace orrery {

SentencePieceFile::SentencePieceFile(const std::filesystem::path& path, AddedTokens& added)
    : processor_(std::make_unique<sentencepiece::SentencePieceProcessor>()) {
  const sentencepiece::util::Status status = processor_->LoadFromSerializedProto(read_file(path));
  require_input(status.ok(), path.string() + ": not a SentencePiece model: " + status.ToString());
  for (int id = 0; id < processor_->GetPieceSize(); ++id) {
    if (processor_->IsControl(id)) added.add(processor_->IdToPiece(id), id, path.string());
  }
}

void SentencePieceFile::encode(std::string_view utf8, std::vector<std::int64_t>& ids) const {
  std::vector<int> pieces;
  const sentencepiece::util::Status status = processor_->Encode(utf8, &pieces);
  if (!status.ok()) fail("encode text with the SentencePiece model", status.ToString());
  ids.insert(ids.end(), pieces.begin(), pieces.end());
}

std::optional<std::int64_t> SentencePieceFile::id_of(std::string_view token) const {
  const int id = processor_->PieceToId(token);  // the unknown piece's id when there is no such piece
  return processor_->IdToPiece(id) == token ? std::optional<std::int64_t>(id) : std::nullopt;
}

}  // namespace orrery
