#include "text/added_tokens.h"

#include <algorithm>

#include "core/error.h"

namespace orrery {

void AddedTokens::add(const std::string& content, std::int64_t id, const std::string& where) {
  require_input(!content.empty(), where + ": an added token is empty, expected its text");
  const auto [place, is_new] = ids_.try_emplace(content, id);
  require_input(place->second == id, where + ": added token \"" + content + "\" has id " + std::to_string(id) +
                                         ", but elsewhere it has " + std::to_string(place->second));
  if (!is_new) return;
  auto& bucket = by_first_byte_[static_cast<unsigned char>(content.front())];
  bucket.push_back(&*place);
  std::ranges::stable_sort(bucket, std::greater{}, [](const Ids::value_type* token) { return token->first.size(); });
}

std::optional<std::int64_t> AddedTokens::id_of(std::string_view content) const {
  const auto place = ids_.find(content);
  return place == ids_.end() ? std::nullopt : std::optional(place->second);
}

std::int64_t AddedTokens::largest_id() const {
  std::int64_t largest = -1;
  for (const auto& [content, id] : ids_) largest = std::max(largest, id);
  return largest;
}

const AddedTokens::Ids::value_type* AddedTokens::find_at(std::string_view text) const {
  for (const Ids::value_type* token : by_first_byte_[static_cast<unsigned char>(text.front())]) {
    if (text.starts_with(token->first)) return token;
  }
  return nullptr;
}

std::vector<AddedTokens::Stretch> AddedTokens::cut(std::string_view text) const {
  std::vector<Stretch> stretches;
  std::size_t begin = 0;
  const auto flush = [&](std::size_t end) {
    if (end > begin) stretches.push_back({text.substr(begin, end - begin), std::nullopt});
  };
  for (std::size_t at = 0; at < text.size();) {
    const Ids::value_type* token = find_at(text.substr(at));
    if (token == nullptr) {
      ++at;
      continue;
    }
    flush(at);
    stretches.push_back({text.substr(at, token->first.size()), token->second});
    at += token->first.size();
    begin = at;
  }
  flush(text.size());
  return stretches;
}

}  // namespace orrery
