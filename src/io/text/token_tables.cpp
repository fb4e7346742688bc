#include "io/text/token_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/core/error.h"
#include "io/text/utf8.h"

namespace orrery {
namespace {

bool is_printable(char32_t c) { return (c >= 0x21 && c <= 0x7E) || (c >= 0xA1 && c <= 0xFF && c != 0xAD); }

std::array<std::string, 256> make_alphabet() {
  std::array<std::string, 256> alphabet;
  char32_t next = 0x100;
  for (char32_t byte = 0; byte < 256; ++byte) append_utf8(alphabet[byte], is_printable(byte) ? byte : next++);
  return alphabet;
}

}  // namespace

void AddedTokens::add(const std::string& content, std::int64_t id, const std::string& where) {
  require_input(!content.empty(), where + ": an added token is empty, expected its text");
  const Tokens::value_type* const prefix = find_at(content);
  const auto [place, is_new] = tokens_.try_emplace(content, Token{id, prefix});
  require_input(place->second.id == id, fmt::format("{}: added token \"{}\" has id {}, but elsewhere it has {}", where,
                                                    content, id, place->second.id));
  if (!is_new) return;
  begins_one_[static_cast<unsigned char>(content.front())] = true;
  for (auto longer = std::next(place); longer != tokens_.end() && longer->first.starts_with(content); ++longer) {
    if (longer->second.prefix == prefix) longer->second.prefix = &*place;
  }
}

std::optional<std::int64_t> AddedTokens::id_of(std::string_view content) const {
  const auto place = tokens_.find(content);
  return place == tokens_.end() ? std::nullopt : std::optional(place->second.id);
}

// In byte order, every string between a token and a text that begins with it begins with that token too. The longest
// match is therefore the last token not after the text, or one of that token's prefixes.
const AddedTokens::Tokens::value_type* AddedTokens::find_at(std::string_view text) const {
  if (!begins_one_[static_cast<unsigned char>(text.front())]) return nullptr;
  const auto next = tokens_.upper_bound(text);
  if (next == tokens_.begin()) return nullptr;
  const Tokens::value_type* token = &*std::prev(next);
  const auto [end, ignored] = std::ranges::mismatch(token->first, text);
  const auto common = static_cast<std::size_t>(end - token->first.begin());
  while (token != nullptr && token->first.size() > common) token = token->second.prefix;
  return token;
}

std::vector<AddedTokens::Stretch> AddedTokens::cut(std::string_view text) const {
  std::vector<Stretch> stretches;
  std::size_t begin = 0;
  const auto flush = [&](std::size_t end) {
    if (end > begin) stretches.push_back({text.substr(begin, end - begin), std::nullopt});
  };
  for (std::size_t at = 0; at < text.size();) {
    const Tokens::value_type* token = find_at(text.substr(at));
    if (token == nullptr) {
      ++at;
      continue;
    }
    flush(at);
    stretches.push_back({text.substr(at, token->first.size()), token->second.id});
    at += token->first.size();
    begin = at;
  }
  flush(text.size());
  return stretches;
}

const std::array<std::string, 256>& byte_alphabet() {
  static const std::array<std::string, 256> alphabet = make_alphabet();
  return alphabet;
}

std::string spell_bytes(std::string_view bytes) {
  const std::array<std::string, 256>& alphabet = byte_alphabet();
  std::string out;
  out.reserve(2 * bytes.size());
  for (const char c : bytes) out += alphabet[static_cast<unsigned char>(c)];
  return out;
}

}  // namespace orrery
