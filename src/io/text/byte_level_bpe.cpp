#include "io/text/byte_level_bpe.h"

#include <utility>

#include "io/text/bpe_tables.h"

namespace orrery {

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

}  // namespace orrery
