// `orrery report` adds up the GPU hours of a run on more GPUs than this machine has.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "app/commands/commands.h"
#include "app/outputs/run_files.h"
#include "support/temporary_folder.h"

namespace orrery {
namespace {

using testing::HasSubstr;
using testing::Not;

class Reports : public testing::Test {
 protected:
  // Two clips of half an hour each, on eight GPUs and on two.
  Reports() {
    const RunFiles files(folder_.path());
    files.write_run("", Json::object(), {{{"ranks", 8}, {"device", "cuda"}}, Json::object(), 2});
    for (const std::int64_t ranks : {8, 2}) {
      RequestResult result;
      result.id = "on " + std::to_string(ranks);
      result.seconds.add("denoise", 1500);
      result.seconds.add("decode", 300);
      result.ranks = ranks;
      result.device = "cuda";
      result.finished = "2026-01-02T03:04:05Z";
      files.append(result);
    }
  }
  std::string said(bool json) const {
    Options options;
    options.files = {folder_.path()};
    options.json = json;
    std::ostringstream out;
    report(options, out);
    return out.str();
  }

  TemporaryFolder folder_;
};

TEST_F(Reports, GpuHoursAsAPage) {
  EXPECT_THAT(said(false),
              HasSubstr("2 done, 0 failed, 0 stopped, 0 of 2 remain; 5.00 GPU hours; 1 h 00 min of work\n"));
}

TEST_F(Reports, GpuHoursAsJson) {
  const Json told = parse_json(said(true));
  EXPECT_DOUBLE_EQ(told.at("gpu_hours").get<double>(), 5);
  EXPECT_DOUBLE_EQ(told.at("seconds").get<double>(), 3600);
}

TEST_F(Reports, StepsThatWereComputed) {
  EXPECT_THAT(said(false), Not(HasSubstr("step cache")));
  RequestResult result;
  result.id = "fast";
  result.request = {{"steps", 35}};
  result.computed_steps = 18;
  result.finished = "2026-01-02T03:04:05Z";
  RunFiles(folder_.path()).append(result);
  EXPECT_THAT(said(false), HasSubstr("step cache: 18 of 35 steps were computed\n"));
  EXPECT_EQ(parse_json(said(true)).at("step_cache"), (Json{{"computed_steps", 18}, {"steps", 35}}));
}

}  // namespace
}  // namespace orrery
