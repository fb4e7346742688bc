#include "base/core/config_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/core/error.h"
#include "support/temporary_folder.h"

namespace orrery {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

class Config : public testing::Test {
 protected:
  ConfigReader reader(const std::string& text) const { return ConfigReader(folder_.write("config.json", text)); }

  TemporaryFolder folder_;
};

TEST_F(Config, ReadsValues) {
  const ConfigReader r = reader(R"({"n": 3, "none": null, "x": 0.5, "yes": true, "sizes": [1, 2], "odd": [true, false],
                                    "any": [-1, 0.5], "inner": {"m": 4}})");
  EXPECT_EQ(r.size("n"), 3);
  EXPECT_EQ(r.size_or("n", 7), 3);
  EXPECT_EQ(r.size_or("none", 7), 7);
  EXPECT_EQ(r.size_or("absent", 7), 7);
  EXPECT_EQ(r.number("x", {0.5, 1}), 0.5);
  EXPECT_EQ(r.number("n", {0, 3}), 3);
  EXPECT_EQ(r.number_or("absent", 2.5, {0, 1}), 2.5);
  EXPECT_TRUE(r.flag_or("yes", false));
  EXPECT_FALSE(r.flag_or("absent", false));
  EXPECT_THAT(r.sizes("sizes"), ElementsAre(1, 2));
  EXPECT_THAT(r.sizes("sizes", 2), ElementsAre(1, 2));
  EXPECT_THAT(r.flags("odd", 2), ElementsAre(true, false));
  EXPECT_THAT(r.numbers("any", 2, {-1, 1}), ElementsAre(-1, 0.5));
  EXPECT_EQ(r.object("inner").size("m"), 4);
  EXPECT_TRUE(r.gives("n"));
  EXPECT_FALSE(r.gives("none"));
  EXPECT_FALSE(r.gives("absent"));
  EXPECT_NO_THROW(r.require_only("none", nullptr));
  EXPECT_NO_THROW(r.require_only_if_given("absent", 1));
}

TEST_F(Config, RefusesByName) {
  const ConfigReader r = reader(R"({"huge": 16777216, "null": null, "list": [1, 0], "tiny": 1e-300, "in": {"a": 0}})");
  const struct {
    void (*ask)(const ConfigReader&);
    const char* said;
  } cases[] = {
      {[](const ConfigReader& c) { c.size("huge"); }, "huge: found 16777216, expected a positive whole number"},
      {[](const ConfigReader& c) { c.size("absent"); }, "absent is missing"},
      {[](const ConfigReader& c) {
         c.number_or("null", 1, {0, 2.5});
       },
       "null: found null, expected a number from 0.0 to 2.5"},
      {[](const ConfigReader& c) {
         c.number("huge", {-1, 1000});
       },
       "huge: found 16777216, expected a number from -1.0 to 1000.0"},
      {[](const ConfigReader& c) {
         c.number("tiny", {1e-12, 1});
       },
       "tiny: found 1e-300, expected a number from 1e-12"},
      {[](const ConfigReader& c) { c.object("in").size("a"); }, "config.json: in.a: found 0, expected a positive"},
      {[](const ConfigReader& c) { c.object("in").size("b"); }, "config.json: in.b is missing"},
      {[](const ConfigReader& c) { c.object("list"); }, "list: found [1,0], expected an object"},
      {[](const ConfigReader& c) { c.flag_or("huge", true); }, "huge: found 16777216, expected true or false"},
      {[](const ConfigReader& c) { c.sizes("list"); }, "list: found [1,0], expected a list of positive whole numbers"},
      {[](const ConfigReader& c) { c.sizes("list", 3); }, "expected a list of 3 positive whole numbers"},
      {[](const ConfigReader& c) { c.flags("list", 2, " each"); }, "expected a list of 2 true or false each"},
      {[](const ConfigReader& c) {
         c.numbers("null", 2, {0, 1}, " (n)");
       },
       "found null, expected a list of 2 numbers from 0.0 to 1.0 (n)"},
      {[](const ConfigReader& c) {
         c.numbers("list", 2, {1, 2});
       },
       "expected a list of 2 numbers from 1.0 to 2.0"},
      {[](const ConfigReader& c) { c.require_only("absent", 1); }, "absent is missing"},
      {[](const ConfigReader& c) { c.require_only("null", 1); },
       "null: found null, expected 1 (nothing else is implemented)"},
      {[](const ConfigReader& c) { c.require_only_if_given("null", "a"); }, "null: found null, expected \"a\""},
      {[](const ConfigReader& c) { c.require_consistent(false, "a is not b"); }, "config.json: a is not b"},
  };
  for (const auto& c : cases) EXPECT_THAT([&] { c.ask(r); }, ThrowsMessage<InputError>(HasSubstr(c.said)));
}

TEST_F(Config, NothingElseMayBeInIt) {
  const ConfigReader r =
      reader(R"({"_class_name": "X", "read": 1, "idle": 2, "unset": null, "other": {"deep": true}})");
  r.size("read");
  const auto refusal = [&](std::initializer_list<std::string_view> irrelevant) {
    return [&r, irrelevant] { r.require_nothing_else(irrelevant); };
  };
  EXPECT_NO_THROW(r.require_nothing_else({"idle", "other"}));
  EXPECT_THAT(refusal({"idle"}),
              ThrowsMessage<InputError>(HasSubstr("other: found {\"deep\":true}, expected no such")));
  EXPECT_THAT(refusal({"other"}), ThrowsMessage<InputError>(HasSubstr("config.json: idle: found 2, expected no such")));
}

TEST_F(Config, LongValuesAreCut) {
  const ConfigReader r = reader("{\"a\": \"" + std::string(5000, 'x') + "\"}");
  EXPECT_THAT([&] { r.size("a"); }, ThrowsMessage<InputError>(HasSubstr("xxx..., expected a positive whole number")));
}

TEST_F(Config, TakesObjectsOnly) {
  EXPECT_THAT([&] { reader("[]"); }, ThrowsMessage<InputError>(HasSubstr("config.json: expected a JSON object")));
}

}  // namespace
}  // namespace orrery
