#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace orrery {

// Caches the ids of words that have been encoded, since texts repeat few words many times. Keeps only short words, and
// only the first kMostWords of them, in less than 10 MB. Any thread may call any member.
class WordCache {
 public:
  static constexpr std::size_t kMostWords = std::size_t{1} << 15U;
  static constexpr std::size_t kLongestWord = 48;  // bytes

  // Appends the word's ids. False when the cache does not have them.
  bool append(std::string_view word, std::vector<std::int64_t>& ids) const;

  // Keeps ids[begin...] as the word's ids, if there is room.
  void keep(std::string_view word, const std::vector<std::int64_t>& ids, std::size_t begin);

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  using Ids = std::vector<std::int64_t>;

  mutable std::shared_mutex mutex_;
  std::unordered_map<std::string, Ids, Hash, std::equal_to<>> words_;
};

}  // namespace orrery
