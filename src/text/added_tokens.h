#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace orrery {

// Tokens that are looked for in the text itself, before anything else is done to it.
class AddedTokens {
 public:
  AddedTokens() = default;
  AddedTokens(AddedTokens&&) = default;
  AddedTokens& operator=(AddedTokens&&) = default;

  // `where` (a file and key) is named by the InputError when the token is empty or has another id already.
  void add(const std::string& content, std::int64_t id, const std::string& where);

  std::optional<std::int64_t> id_of(std::string_view content) const;
  std::int64_t largest_id() const;  // -1: no tokens

  struct Stretch {
    std::string_view text;           // a view into the text that was cut
    std::optional<std::int64_t> id;  // of the added token that this stretch is
  };
  // Leftmost first; of several tokens that start at one place the longest.
  std::vector<Stretch> cut(std::string_view text) const;

 private:
  using Ids = std::map<std::string, std::int64_t, std::less<>>;
  const Ids::value_type* find_at(std::string_view text) const;

  Ids ids_;
  std::array<std::vector<const Ids::value_type*>, 256> by_first_byte_;  // longest first; map nodes do not move
};

}  // namespace orrery
