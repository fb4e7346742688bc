#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
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

  struct Stretch {
    std::string_view text;           // a view into the text that was cut
    std::optional<std::int64_t> id;  // of the added token that this stretch is
  };
  // Cuts the text at the added tokens in it, from the left; of several tokens that start at one place the longest
  // counts.
  std::vector<Stretch> cut(std::string_view text) const;

 private:
  struct Token {
    std::int64_t id = 0;
    const std::pair<const std::string, Token>* prefix = nullptr;  // the longest other token that this one begins with
  };
  using Tokens = std::map<std::string, Token, std::less<>>;  // its nodes do not move

  // The longest token that `text` begins with; null: none.
  const Tokens::value_type* find_at(std::string_view text) const;

  Tokens tokens_;
  std::array<bool, 256> begins_one_{};  // by a token's first byte
};

// The byte alphabet: byte-level BPE spells each byte as one printable character. Printable characters of Latin-1 stand
// for themselves; the other bytes are, in order, U+0100, U+0101, …
const std::array<std::string, 256>& byte_alphabet();

// `bytes` in the byte alphabet, as UTF-8.
std::string spell_bytes(std::string_view bytes);

// Qwen's pattern, for folders whose files do not spell it out.
inline constexpr std::string_view kQwenPattern =
    R"re((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)re";

// A byte-level BPE tokenizer as its files give it. Pieces are spelt in the byte alphabet.
struct BpeTables {
  std::unordered_map<std::string, std::int64_t> vocabulary;
  std::vector<std::pair<std::string, std::string>> merges;  // best first
  std::string pattern;                                      // what cuts the text into words
  std::string vocabulary_source;                            // files and keys, for messages
  std::string merges_source;
  std::string pattern_source;
};

}  // namespace orrery
