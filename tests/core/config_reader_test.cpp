#include "core/config_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "core/error.h"
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
                                    "any": [-1, 0.5], "above": [1, 0.5]})");
  EXPECT_EQ(r.size("n"), 3);
  EXPECT_EQ(r.size_or("n", 7), 3);
  EXPECT_EQ(r.size_or("none", 7), 7);
  EXPECT_EQ(r.size_or("absent", 7), 7);
  EXPECT_EQ(r.positive("x"), 0.5);
  EXPECT_EQ(r.positive_or("absent", 2.5), 2.5);
  EXPECT_TRUE(r.flag_or("yes", false));
  EXPECT_FALSE(r.flag_or("absent", false));
  EXPECT_THAT(r.sizes("sizes"), ElementsAre(1, 2));
  EXPECT_THAT(r.sizes("sizes", 2), ElementsAre(1, 2));
  EXPECT_THAT(r.flags("odd", 2), ElementsAre(true, false));
  EXPECT_THAT(r.numbers("any", 2), ElementsAre(-1, 0.5));
  EXPECT_THAT(r.positives("above", 2), ElementsAre(1, 0.5));
  EXPECT_NO_THROW(r.require_only("none", nullptr));
  EXPECT_NO_THROW(r.require_only_if_given("absent", 1));
}

TEST_F(Config, RefusesByName) {
  const ConfigReader r = reader(R"({"huge": 16777216, "null": null, "list": [1, 0]})");
  const struct {
    void (*ask)(const ConfigReader&);
    const char* said;
  } cases[] = {
      {[](const ConfigReader& c) { c.size("huge"); }, "huge: found 16777216, expected a positive whole number"},
      {[](const ConfigReader& c) { c.size("absent"); }, "absent is missing"},
      {[](const ConfigReader& c) { c.positive_or("null", 1); }, "null: found null, expected a positive number"},
      {[](const ConfigReader& c) { c.flag_or("huge", true); }, "huge: found 16777216, expected true or false"},
      {[](const ConfigReader& c) { c.sizes("list"); }, "list: found [1,0], expected a list of positive whole numbers"},
      {[](const ConfigReader& c) { c.sizes("list", 3); }, "expected a list of 3 positive whole numbers"},
      {[](const ConfigReader& c) { c.flags("list", 2, " each"); }, "expected a list of 2 true or false each"},
      {[](const ConfigReader& c) { c.numbers("null", 2, " (n)"); }, "found null, expected a list of 2 numbers (n)"},
      {[](const ConfigReader& c) { c.positives("list", 2); }, "expected a list of 2 positive numbers"},
      {[](const ConfigReader& c) { c.require_only("absent", 1); }, "absent is missing"},
      {[](const ConfigReader& c) { c.require_only("null", 1); },
       "null: found null, expected 1 (nothing else is implemented)"},
      {[](const ConfigReader& c) { c.require_only_if_given("null", "a"); }, "null: found null, expected \"a\""},
      {[](const ConfigReader& c) { c.require_consistent(false, "a is not b"); }, "config.json: a is not b"},
  };
  for (const auto& c : cases) EXPECT_THAT([&] { c.ask(r); }, ThrowsMessage<InputError>(HasSubstr(c.said)));
}

TEST_F(Config, TakesObjectsOnly) {
  EXPECT_THAT([&] { reader("[]"); }, ThrowsMessage<InputError>(HasSubstr("config.json: expected a JSON object")));
}

}  // namespace
}  // namespace orrery
