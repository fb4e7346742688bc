#include "refusal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace orrery {
namespace {

using testing::HasSubstr;

constexpr double kLittle = 2;  // seconds of CPU time; about 0.1 on an idle core
constexpr const char* kMark = "orrery: error: ";

double dearest = 0;

int count(const std::string& text, const std::string& word) {
  int found = 0;
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++found;
  return found;
}

}  // namespace

void expect_refused(const CommandLine& command, const std::filesystem::path& out, const Said& said) {
  const bool existed = std::filesystem::exists(out);
  const Ending ending = run_program(command);
  EXPECT_EQ(ending.exit_code, 2) << ending.err;
  EXPECT_EQ(ending.out, "");
  EXPECT_EQ(count(ending.err, kMark), 1) << ending.err;
  for (const std::string& word : said.words) EXPECT_THAT(ending.err, HasSubstr(word));
  if (said.lines != kLaunchersToo) {
    EXPECT_TRUE(ending.err.starts_with(kMark)) << ending.err;
    EXPECT_EQ(count(ending.err, "\n"), said.lines) << ending.err;
    EXPECT_LT(ending.cpu_seconds, kLittle);
    dearest = std::max(dearest, ending.cpu_seconds);
  }
  EXPECT_EQ(std::filesystem::exists(out), existed) << out;
}

double dearest_refusal() { return dearest; }

}  // namespace orrery
