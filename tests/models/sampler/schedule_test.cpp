#include "models/sampler/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "base/core/error.h"
#include "base/core/json.h"

namespace orrery {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

const std::map<std::string, ScheduleKind> kKinds{
    {"native", ScheduleKind::Native}, {"double_shift", ScheduleKind::DoubleShift}, {"karras", ScheduleKind::Karras}};

TEST(Schedule, EqualsTheReferenceBitForBit) {
  const Json cases = parse_json_file(ORRERY_TEST_DATA "/unipc_schedules.json");
  ASSERT_EQ(cases.size(), 12U);
  for (const Json& c : cases) {
    SCOPED_TRACE(c.at("schedule").get<std::string>() + " " + c.at("steps").dump());
    const Schedule schedule = make_schedule(kKinds.at(c.at("schedule")), c.at("steps"), c.at("flow_shift"));
    EXPECT_EQ(schedule.timesteps, c.at("timesteps").get<std::vector<double>>());
    EXPECT_EQ(schedule.sigmas, c.at("sigmas_f32").get<std::vector<float>>());
  }
}

TEST(Schedule, KarrasOfOneStepStartsAtTheHighestNoise) {
  const Schedule schedule = make_schedule(ScheduleKind::Karras, 1, 10);
  EXPECT_EQ(schedule.timesteps, (std::vector<double>{995}));
  EXPECT_EQ(schedule.sigmas.size(), 2U);
}

TEST(Schedule, FixedLevelsAreTakenAsTheyAre) {
  const ScheduleRule rule({1, 0.9375F, 0.8333333333333334F, 0.625F});
  const Schedule schedule = make_schedule(rule, 4, 10);
  EXPECT_EQ(schedule.sigmas, (std::vector<float>{1, 0.9375F, 0.8333333333333334F, 0.625F, 0}));
  EXPECT_THAT(schedule.timesteps, testing::ElementsAre(1000, 937.5, 833.33333F, 625));
  EXPECT_TRUE(schedule.renoises());
  EXPECT_TRUE(schedule_falls(rule, 4, 1e9)) << "no shift moves them";
  EXPECT_FALSE(make_schedule(ScheduleKind::Native, 4, 10).renoises());
  EXPECT_THAT([&] { make_schedule(rule, 35, 10); }, ThrowsMessage<Error>(HasSubstr("35 steps were asked for")));
}

TEST(Schedule, RefusesNonsense) {
  EXPECT_THAT([] { make_schedule(ScheduleKind::Native, 0, 10); }, ThrowsMessage<Error>(HasSubstr("not 0")));
  EXPECT_THAT([] { make_schedule(ScheduleKind::Native, 5, 0); }, ThrowsMessage<Error>(HasSubstr("flow_shift")));
}

}  // namespace
}  // namespace orrery
