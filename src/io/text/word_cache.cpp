#include "io/text/word_cache.h"

#include <mutex>

namespace orrery {

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

}  // namespace orrery
