#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "base/core/error.h"
#include "io/text/splitter.h"
#include "io/text/token_tables.h"

namespace orrery {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

// Patterns that backtrack over all splits of a run of letters before they fail.
TEST(HostilePattern, IsGivenUpWithItsPlaceNamed) {
  const std::string text = std::string(40, 'a') + "!";
  for (const char* pattern : {"(a+)+$", "(a|a)*$", "(a|aa)+$", "(.*a){20}$", "(?:a*)*b"}) {
    SCOPED_TRACE(pattern);
    const Splitter splitter(pattern, "t.json: Regex");
    EXPECT_THAT([&] { splitter.split(text); },
                ThrowsMessage<InputError>(HasSubstr("t.json: Regex: the pattern tries far too many ways")));
  }
}

TEST(HostilePattern, LongTextsAreNoReason) {
  const Splitter splitter("\\p{L}+|\\s+(?!\\S)|\\s+|[^\\s\\p{L}]+", "t.json: Regex");
  for (const char* run : {"a", " ", "!", "a b", "!a"}) {
    std::string text;
    while (text.size() < 300'000) text += run;
    EXPECT_GE(splitter.split(text).size(), 1U);
  }
}

TEST(ManyAddedTokens, AreFoundAsQuicklyAsFew) {
  constexpr int kTokens = 30'000;
  AddedTokens added;
  for (int i = 0; i < kTokens; ++i) added.add(std::string("<").append(std::to_string(i)).append(">"), i, "t.json");
  std::string text(20'000, '<');
  text += "<29999>";
  const auto stretches = added.cut(text);
  ASSERT_EQ(stretches.size(), 2U);
  EXPECT_EQ(stretches[0].text.size(), 20'000U);
  EXPECT_EQ(stretches[1].id, 29'999);
}

TEST(ManyAddedTokens, EachTheBeginningOfTheNext) {
  constexpr std::size_t kTokens = 1500;
  AddedTokens added;
  for (std::size_t i = 0; i < kTokens; ++i) {
    const std::size_t length = 1 + (i * 7) % kTokens;
    added.add(std::string(length, 'a'), static_cast<std::int64_t>(length), "t.json");
  }
  const std::string text = std::string(2 * kTokens + 3, 'a') + "b";
  const auto stretches = added.cut(text);
  ASSERT_EQ(stretches.size(), 4U);
  EXPECT_EQ(stretches[1].id, static_cast<std::int64_t>(kTokens));
  EXPECT_EQ(stretches[2].id, 3);
  EXPECT_EQ(stretches[3].text, "b");
}

// Compares with a simple implementation: at each position, the longest of all tokens.
TEST(ManyAddedTokens, TheLongestAtEachPlace) {
  std::mt19937 random(3);
  const auto word = [&](std::size_t most) {
    std::string text(1 + random() % most, 'a');
    for (char& c : text) c = static_cast<char>("ab\xff"[random() % 3]);
    return text;
  };
  for (int round = 0; round < 200; ++round) {
    AddedTokens added;
    std::vector<std::string> tokens;
    for (int i = 0; i < 12; ++i) {
      tokens.push_back(word(5));
      added.add(tokens.back(), std::ssize(tokens.back()), "t.json");
    }
    const std::string text = word(40);
    std::size_t at = 0;
    for (const AddedTokens::Stretch& stretch : added.cut(text)) {
      const auto longest = [&](std::size_t place) {
        std::size_t size = 0;
        for (const std::string& token : tokens) {
          if (std::string_view(text).substr(place).starts_with(token)) size = std::max(size, token.size());
        }
        return size;
      };
      for (std::size_t i = at; !stretch.id && i < at + stretch.text.size(); ++i) EXPECT_EQ(longest(i), 0U);
      EXPECT_TRUE(!stretch.id || longest(at) == stretch.text.size());
      at += stretch.text.size();
    }
    EXPECT_EQ(at, text.size());
  }
}

}  // namespace
}  // namespace orrery
