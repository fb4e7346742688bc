#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace orrery {

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
