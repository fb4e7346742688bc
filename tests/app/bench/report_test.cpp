#include "app/bench/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace orrery {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Statistics, MedianMinMax) {
  EXPECT_EQ(spread_of({}).runs, 0);
  const Spread odd = spread_of({5, 1, 3});
  EXPECT_EQ(odd.median, 3);
  EXPECT_EQ(odd.min, 1);
  EXPECT_EQ(odd.max, 5);
  EXPECT_EQ(odd.runs, 3);
  EXPECT_EQ(spread_of({4, 1, 2, 100}).median, 3);
  EXPECT_EQ(spread_of({7}).median, 7);
}

TEST(Statistics, FiveDigits) {
  EXPECT_EQ(rounded(0), 0);
  EXPECT_DOUBLE_EQ(rounded(123456.7), 123460);
  EXPECT_DOUBLE_EQ(rounded(0.00123456789), 0.0012346);
  EXPECT_DOUBLE_EQ(rounded(-98765.4), -98765);
}

Record product() {
  Record record;
  record.what = "ceilings";
  record.name = "qkv product";
  record.shape = "100 x 4 -> 8";
  record.ms = spread_of({2, 4, 8});
  record.flops = 2e12;
  record.best_ms = 1;
  return record;
}

TEST(Record, JsonHasWhatIsKnown) {
  const Json json = to_json(product());
  EXPECT_EQ(json["what"], "ceilings");
  EXPECT_EQ(json["shape"], "100 x 4 -> 8");
  EXPECT_EQ(json["median_ms"], 4);
  EXPECT_EQ(json["min_ms"], 2);
  EXPECT_EQ(json["max_ms"], 8);
  EXPECT_EQ(json["runs"], 3);
  EXPECT_EQ(json["tflops"], 500);
  EXPECT_EQ(json["ceiling_ms"], 1);
  EXPECT_EQ(json["share"], 0.25);
  EXPECT_FALSE(json.contains("gbps"));
  EXPECT_FALSE(json.contains("peak_memory"));
}

TEST(Record, JsonOfBytesAndMemory) {
  Record record = product();
  record.flops = record.best_ms = 0;
  record.bytes = 6e9;
  record.peak_memory = 42;
  record.more["algorithm_gbps"] = 7;
  const Json json = to_json(record);
  EXPECT_EQ(json["gbps"], 1500);
  EXPECT_EQ(json["peak_memory"], 42);
  EXPECT_EQ(json["algorithm_gbps"], 7);
  EXPECT_FALSE(json.contains("tflops"));
  EXPECT_FALSE(json.contains("share"));
}

TEST(Report, JsonLinesEndWithTheFacts) {
  std::ostringstream out;
  Report report(out, Report::Form::JsonLines, {{"model", "m"}}, nullptr);
  report.add(product());
  report.add(product());
  std::istringstream lines(out.str());
  std::string line;
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(std::getline(lines, line));
    const Json json = Json::parse(line);
    EXPECT_EQ(json["model"], "m");
    EXPECT_EQ(json["median_ms"], 4);
    EXPECT_FALSE(json.contains("clocks"));
  }
  EXPECT_FALSE(std::getline(lines, line));
}

TEST(Report, TableHasTheFiguresInColumns) {
  std::ostringstream out;
  Report report(out, Report::Form::Table, {}, nullptr);
  report.add(product());
  Record kernel;
  kernel.what = "step";
  kernel.name = std::string(70, 'k');
  kernel.ms = spread_of({1});
  report.add(kernel);
  EXPECT_THAT(out.str(), HasSubstr("of whole\n"));
  EXPECT_THAT(out.str(), HasSubstr("100 x 4 -> 8"));
  EXPECT_THAT(out.str(), HasSubstr("4.000"));
  EXPECT_THAT(out.str(), HasSubstr("500.0"));
  EXPECT_THAT(out.str(), HasSubstr("25.0 %\n"));
  EXPECT_THAT(out.str(), HasSubstr(" " + std::string(70, 'k') + " "));
  EXPECT_THAT(out.str(), Not(HasSubstr("peak")));
}

TEST(Report, SilentSaysNothing) {
  std::ostringstream out;
  Report(out, Report::Form::Silent, {}, nullptr).add(product());
  EXPECT_EQ(out.str(), "");
}

}  // namespace
}  // namespace orrery
