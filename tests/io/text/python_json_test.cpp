#include "io/text/python_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/core/error.h"
#include "io/text/python_text.h"

namespace orrery {
namespace {

std::string round_trip(const std::string& text) {
  const std::optional<PythonObject> object = PythonObject::parse(text);
  return object ? object->dump() : "refused";
}

struct Case {
  std::string value;
  std::string written;
};

// Each pair is json.dumps(json.loads(…)) of Python 3.11.
TEST(PythonJson, WritesValuesAsPythonDoes) {
  const std::vector<Case> cases = {
      {"-0", "0"},
      {"-0.0", "-0.0"},
      {"1E5", "100000.0"},
      {"1e15", "1000000000000000.0"},
      {"1e16", "1e+16"},
      {"9007199254740993.0", "9007199254740992.0"},
      {"123456789012345678.0", "1.2345678901234568e+17"},
      {"0.0001", "0.0001"},
      {"0.00001", "1e-05"},
      {"1e400", "Infinity"},
      {"-1e400", "-Infinity"},
      {"1e-400", "0.0"},
      {"5e-324", "5e-324"},
      {"1.7976931348623157e308", "1.7976931348623157e+308"},
      {"0.1e1", "1.0"},
      {"0e99999999999999999999", "0.0"},
      {"-12345678901234567890123456789", "-12345678901234567890123456789"},
      {"NaN", "NaN"},
      {"-Infinity", "-Infinity"},
      {"Infinity", "Infinity"},
      {"[]", "[]"},
      {"[ { } , [ ] ]", "[{}, []]"},
      {R"("\u00e9\uD83D\uDE00/\/")", R"("\u00e9\ud83d\ude00//")"},
      {"\"\xF0\x9F\x98\x80\x7F\"", R"("\ud83d\ude00\u007f")"},
      {R"("\ud800")", R"("\ud800")"},
      {R"("\ud800\n")", R"("\ud800\n")"},
      {R"("\ud800A")", R"("\ud800A")"},
      {R"("\udc00\ud800\ud800\udc00")", R"("\udc00\ud800\ud800\udc00")"},
      {R"("\u0000\b\f\u001f")", R"("\u0000\b\f\u001f")"},
      {R"({"b":1,"a":2,"b":{"c":3}})", R"({"b": {"c": 3}, "a": 2})"},
      {R"({"\u0061":1,"a":2})", R"({"a": 2})"},
  };
  for (const Case& entry : cases) {
    EXPECT_EQ(round_trip("{\"k\":" + entry.value + "}"), "{\"k\": " + entry.written + "}") << entry.value;
  }
}

TEST(PythonJson, RefusesWhatPythonRefuses) {
  for (const std::string value : {"",
                                  "01",
                                  "-",
                                  "+1",
                                  ".5",
                                  "1.",
                                  "1e",
                                  "1e+",
                                  "0x1",
                                  "1_0",
                                  "\xD9\xA1",
                                  "nan",
                                  "-NaN",
                                  "+Infinity",
                                  "Inf",
                                  "True",
                                  "nul",
                                  "'a'",
                                  "\"a",
                                  "\"\t\"",
                                  "\"\\x\"",
                                  "\"\\u12g4\"",
                                  "\"\\u123\"",
                                  "\"\\ud800\\u12\"",
                                  "[1,]",
                                  "[,1]",
                                  "[1 2]",
                                  "{\"a\":1,}",
                                  "{,}",
                                  "{a:1}",
                                  "{1:1}",
                                  "{\"a\"}",
                                  "{\"a\":}",
                                  "1}",
                                  "1,",
                                  "/**/1",
                                  "\xC2\xA0"
                                  "1",
                                  "\f1"}) {
    EXPECT_EQ(round_trip("{\"k\":" + value + "}"), "refused") << value;
  }
  for (const std::string text :
       {"", " ", "1", "null", "[1,2]", "\"str\"", "{", "{}}", "{} x", "\xEF\xBB\xBF{}", "{}\xC2\xA0"}) {
    EXPECT_EQ(round_trip(text), "refused") << text;
  }
  EXPECT_EQ(round_trip(std::string("{}\0", 3)), "refused");
  EXPECT_EQ(round_trip(std::string("{\"\0\":1}", 7)), "refused");
}

TEST(PythonJson, BlanksAroundAreJsonsFour) { EXPECT_EQ(round_trip(" \t\r\n{ \"a\"\t:\n1\r}\n"), "{\"a\": 1}"); }

TEST(PythonJson, LimitsOfPython) {
  EXPECT_NE(round_trip("{\"k\":-" + std::string(4300, '9') + "}"), "refused");
  EXPECT_EQ(round_trip("{\"k\":" + std::string(4301, '9') + "}"), "refused");
  EXPECT_EQ(round_trip("{\"k\":" + std::string(5000, '9') + ".0}"), "{\"k\": Infinity}");
  const auto nested = [](std::size_t depth) {
    return "{\"k\":" + std::string(depth, '[') + std::string(depth, ']') + "}";
  };
  EXPECT_NE(round_trip(nested(989)), "refused");
  EXPECT_EQ(round_trip(nested(990)), "refused");
  EXPECT_EQ(round_trip(nested(1'000'000)), "refused");
}

TEST(PythonJson, SetsInPlaceOrLastAndRemoves) {
  std::optional<PythonObject> object = PythonObject::parse(R"({"a":1,"b":2})");
  ASSERT_TRUE(object.has_value());
  object->set("a", "[]");
  object->set("c", python_quoted(U"\u00e9"));
  object->remove("b");
  object->remove("z");
  EXPECT_EQ(object->dump(), R"({"a": [], "c": "\u00e9"})");
}

}  // namespace
}  // namespace orrery
