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

// Tokens that are searched for in the raw text, before any other processing.
class AddedTokens {
 public:
  AddedTokens() = default;
  AddedTokens(AddedTokens&&) = default;
  AddedTokens& operator=(AddedTokens&&) = default;

  // Throws an InputError that names `where` (a file and key) when the token is empty or already has another id.
  void add(const std::string& content, std::int64_t id, const std::string& where);

  std::optional<std::int64_t> id_of(std::string_view content) const;

  struct Stretch {
    std::string_view text;           // a view into the text
    std::optional<std::int64_t> id;  // set when the stretch is an added token
  };
  // Cuts the text at its added tokens, from the left; of several tokens that start at one position, the longest counts.
  std::vector<Stretch> cut(std::string_view text) const;

 private:
  struct Token {
    std::int64_t id = 0;
    const std::pair<const std::string, Token>* prefix = nullptr;  // the longest shorter token that this one begins with
  };
  using Tokens = std::map<std::string, Token, std::less<>>;  // node addresses are stable

  // The longest token that `text` begins with; null when there is none.
  const Tokens::value_type* find_at(std::string_view text) const;

  Tokens tokens_;
  std::array<bool, 256> begins_one_{};  // whether a token begins with the byte
};

// The byte alphabet: byte-level BPE spells each byte as one printable character. Printable Latin-1 characters are spelt
// as themselves, the remaining bytes in order as U+0100, U+0101, …
const std::array<std::string, 256>& byte_alphabet();

// `bytes` in the byte alphabet, as UTF-8.
std::string spell_bytes(std::string_view bytes);

// Qwen's pattern, for folders whose files do not contain it.
inline constexpr std::string_view kQwenPattern =
    R"re((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)re";

// The tables of a byte-level BPE tokenizer. Pieces are spelt in the byte alphabet.
struct BpeTables {
  std::unordered_map<std::string, std::int64_t> vocabulary;
  std::vector<std::pair<std::string, std::string>> merges;  // best first
  std::string pattern;                                      // regular expression that cuts text into words
  std::string vocabulary_source;                            // files and keys, for messages
  std::string merges_source;
  std::string pattern_source;
};

}  // namespace orrery
