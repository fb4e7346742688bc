#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "base/core/json.h"

namespace orrery {

// Gives each test its own folder, which is removed after the test.
class TextFolder : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;
  void write(const std::string& name, std::string_view content) const;

  std::filesystem::path folder_;
};

// A tokenizer.json with the 256 bytes (ids 0 … 255 by byte value), the tokens "ab" (256) and "abc" (257) and the added
// tokens of the chat form, from 258 on.
SortedJson small_tokenizer();

// The same vocabulary, merges and added tokens as vocab.json, merges.txt and added_tokens.json.
void write_as_vocabulary_files(const SortedJson& tokenizer, const std::filesystem::path& folder);

}  // namespace orrery
