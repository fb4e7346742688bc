#include "base/core/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "base/core/error.h"

namespace orrery {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::ThrowsMessage;

std::string repeated(const std::string& text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

std::string nested(const std::string& open, const std::string& close, std::size_t depth) {
  return repeated(open, depth) + "1" + repeated(close, depth);
}

std::string many_keys(std::size_t count) {
  std::string text = "{";
  for (std::size_t i = 0; i < count; ++i) {
    text += i == 0 ? "" : ",";
    text += "\"k" + std::to_string(i) + "\":0";
  }
  return text + "}";
}

TEST(ParseJson, KeepsOrderAndTheLastOfEqualKeys) {
  EXPECT_EQ(parse_json(R"({"b": 1, "a": [{}], "b": 2})").dump(), R"({"b":2,"a":[{}]})");
  EXPECT_EQ(parse_sorted_json(R"({"b": 1, "a": 3, "b": 2})").dump(), R"({"a":3,"b":2})");
}

TEST(ParseJson, DepthHasALimit) {
  EXPECT_EQ(parse_json(nested("[", "]", kMostJsonDepth)).size(), 1U);
  EXPECT_EQ(parse_json(nested("{\"[{\":", "}", kMostJsonDepth)).size(), 1U);
  for (const std::size_t depth : {kMostJsonDepth + 1, std::size_t{1'000'000}}) {
    EXPECT_THROW(parse_json(nested("[", "]", depth)), JsonError);
    EXPECT_THROW(parse_json(nested("{\"a\":", "}", depth)), JsonError);
    EXPECT_THROW(parse_sorted_json(nested("[{\"a\":", "}]", depth)), JsonError);
    EXPECT_THROW(parse_json(repeated("[", depth)), JsonError) << "without an end";
  }
}

TEST(ParseJson, BracketsInTextsAreNoDepth) {
  const std::string text = "\"" + repeated("[{\\\"\\\\", 1000) + "\"";
  EXPECT_EQ(parse_json(text).get<std::string>(), repeated("[{\"\\", 1000));
  EXPECT_EQ(parse_json("[" + repeated("[],", 1000) + "[]]").size(), 1001U);
}

TEST(ParseJson, SaysWhereItIsTooDeep) {
  try {
    parse_json("{\"a\": " + nested("[", "]", kMostJsonDepth) + "}");
    FAIL();
  } catch (const JsonError& e) {
    EXPECT_EQ(e.byte, 6 + kMostJsonDepth);
    EXPECT_STREQ(e.what(), "JSON nested more than 128 levels deep");
  }
}

TEST(ParseJson, OrderedObjectsAreOfLimitedSize) {
  EXPECT_EQ(parse_json(many_keys(kMostOrderedKeys)).size(), kMostOrderedKeys);
  EXPECT_THAT([] { parse_json(many_keys(kMostOrderedKeys + 1)); },
              ThrowsMessage<JsonError>(HasSubstr("object with more than 10000 keys")));
  EXPECT_EQ(parse_sorted_json(many_keys(3 * kMostOrderedKeys)).size(), 3 * kMostOrderedKeys);
  EXPECT_EQ(parse_json("[" + repeated("0,", kMostOrderedKeys) + "0]").size(), kMostOrderedKeys + 1);
}

TEST(ParseJson, RepeatedKeysAreToldWithTheirDepth) {
  std::vector<std::pair<std::size_t, std::string>> found;
  const auto keep = [&](std::size_t depth, const std::string& key) { found.emplace_back(depth, key); };
  parse_json(R"({"a": {"b": 1, "c": {"b": 1}, "\u0062": 2}, "a": [{"a": 1}, {"a": 1}]})", keep);
  EXPECT_THAT(found, ElementsAre(Pair(2, "b"), Pair(1, "a")));
}

TEST(ParseJson, ErrorsAreReasonsWithAPlace) {
  EXPECT_THAT([] { parse_json("[1, 1e999]"); }, ThrowsMessage<JsonError>(HasSubstr("not valid JSON: number overflow")));
  try {
    parse_json("[1, }");
    FAIL();
  } catch (const JsonError& e) {
    EXPECT_EQ(e.byte, 5U);
    EXPECT_THAT(e.what(), HasSubstr("not valid JSON: syntax error while parsing value"));
  }
  for (const char* text : {"", "{", "\"", "\"\\", "[\"a", "]", "}}", ",", "{,", "\xff"}) {
    EXPECT_THROW(parse_json(text), JsonError) << text;
  }
}

TEST(ParseObjectOrNull, IsNullForAllElse) {
  EXPECT_EQ(parse_object_or_null(R"({"a": 1})")["a"], 1);
  for (const std::string& text : {std::string("5"), std::string("{"), std::string(), nested("{\"a\":", "}", 100'000)}) {
    EXPECT_TRUE(parse_object_or_null(text).is_null());
  }
}

}  // namespace
}  // namespace orrery
