#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

namespace orrery {

// Converts text to ids as a checkpoint's text_tokenizer folder says (MODEL.md §2). Const members are thread-safe.
class Tokenizer {
 public:
  // Loads the first of these that the folder contains: tokenizer.json; vocab.json with merges.txt; one SentencePiece
  // *.model. Added tokens also come from added_tokens.json and tokenizer_config.json where these exist. Throws
  // InputError that names the file and the key when something is missing, malformed or not implemented.
  static Tokenizer load(const std::filesystem::path& folder);

  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

  // The text's ids; added tokens in it become their ids, and no ids are added before or after. Time is linear in the
  // text's length, n log n within a word, and quadratic in the length of a run of combining marks (100 kB of them take
  // half a second). Throws InputError when the text is not valid UTF-8 or longer than 256 MiB.
  std::vector<std::int64_t> encode(std::string_view utf8) const;

  // The id of a token, spelt as in the tokenizer's files; throws InputError when there is none.
  std::int64_t id_of(std::string_view token) const;

 private:
  struct Parts;
  explicit Tokenizer(std::unique_ptr<const Parts> parts);
  std::unique_ptr<const Parts> parts_;
};

}  // namespace orrery
