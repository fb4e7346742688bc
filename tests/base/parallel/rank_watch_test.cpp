// Verdicts on lost ranks, with a clock of the test's own.
#include "base/parallel/rank_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/parallel/peer_links.h"

namespace orrery {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr int kNobody = -1;

// How a rank behaves from some moment on; before it, all get on and are heard once a second.
struct Habit {
  bool heard = true;
  bool gets_on = true;
  bool meeting = false;
};
constexpr Habit kFine{};
constexpr Habit kStopped{false, false, false};
constexpr Habit kHangs{true, false, false};
constexpr Habit kWaits{true, false, true};

struct Case {
  const char* name;
  std::vector<Habit> habits;  // a rank each
  std::optional<double> timeout;
  bool stepping;
  double longest_step;
  int until;  // seconds that they behave so
  int lost;
  RankLoss loss;
};

class Judged : public testing::TestWithParam<Case> {};

TEST_P(Judged, AsTheRanksBehave) {
  const Case& c = GetParam();
  RankWatch watch(static_cast<int>(c.habits.size()), c.timeout);
  constexpr int kGood = 1000;  // seconds
  std::uint64_t progress = 0;
  for (int now = 0; now < kGood + c.until; ++now) {
    ++progress;
    for (std::size_t rank = 0; rank < c.habits.size(); ++rank) {
      const Habit habit = now < kGood ? kFine : c.habits[rank];
      RankSign sign;
      sign.progress = habit.gets_on ? progress : kGood;
      sign.meeting = habit.meeting;
      sign.stepping = c.stepping;
      sign.longest_step = c.longest_step;
      if (habit.heard) watch.heard(static_cast<int>(rank), sign, now);
    }
    if (now < kGood) {
      ASSERT_FALSE(watch.judge(now)) << now;
    }
  }
  const std::optional<RankVerdict> verdict = watch.judge(kGood + c.until - 1);
  EXPECT_EQ(verdict ? verdict->rank : kNobody, c.lost);
  if (verdict) {
    EXPECT_EQ(verdict->loss, c.loss);
  }
}

constexpr RankLoss kAny = RankLoss::Gone;

INSTANTIATE_TEST_SUITE_P(
    Cases, Judged,
    testing::Values(Case{"AllWell", {kFine, kFine}, {}, true, 3, 5000, kNobody, kAny},
                    Case{"StoppedNotYet", {kFine, kStopped}, {}, true, 3, 119, kNobody, kAny},
                    Case{"Stopped", {kWaits, kStopped}, {}, true, 3, 123, 1, RankLoss::Silent},
                    Case{"StoppedRootIsSeenByAll", {kStopped, kWaits, kWaits}, {}, true, 3, 123, 0, RankLoss::Silent},
                    Case{"StoppedWhileLoading", {kFine, kStopped}, {}, false, 0, 123, 1, RankLoss::Silent},
                    Case{"LongStepsTakeMoreTime", {kWaits, kStopped}, {}, true, 30, 290, kNobody, kAny},
                    Case{"LongStepsHaveAnEnd", {kWaits, kStopped}, {}, true, 30, 303, 1, RankLoss::Silent},
                    Case{"GivenTime", {kWaits, kStopped}, 5, true, 30, 8, 1, RankLoss::Silent},
                    Case{"Never", {kWaits, kStopped}, 0, true, 3, 100000, kNobody, kAny},
                    Case{"HangsNotYet", {kWaits, kWaits, kHangs}, {}, true, 3, 119, kNobody, kAny},
                    Case{"Hangs", {kWaits, kWaits, kHangs}, {}, true, 3, 123, 2, RankLoss::Stuck},
                    Case{"HangsWhileLoadingNotYet", {kWaits, kWaits, kHangs}, {}, false, 0, 599, kNobody, kAny},
                    Case{"HangsWhileLoading", {kWaits, kWaits, kHangs}, {}, false, 0, 603, 2, RankLoss::Stuck},
                    Case{"OthersWaitAsLongAsItGetsOn", {kWaits, kWaits, kFine}, 5, true, 3, 100000, kNobody, kAny},
                    Case{"AllWaitNotYet", {kWaits, kWaits}, {}, true, 3, 119, kNobody, kAny},
                    Case{"AllWait", {kWaits, kWaits}, {}, true, 3, 123, 0, RankLoss::AllWaiting},
                    Case{"AloneOnAStuckGpu", {kHangs}, {}, true, 3, 123, 0, RankLoss::Stuck},
                    Case{"AloneAndWell", {kFine}, {}, true, 3, 5000, kNobody, kAny}),
    [](const auto& test) { return std::string(test.param.name); });

RankSign at_place(const std::string& host, const std::string& place) {
  RankSign sign;
  sign.host = host;
  sign.place = place;
  return sign;
}

TEST(RankWatch, KnowsAtOnceWhoIsGone) {
  RankWatch watch(3, std::nullopt);
  for (int rank = 0; rank < 3; ++rank) watch.heard(rank, at_place("n1", "[1/2] a, step 3/35"), 1);
  EXPECT_FALSE(watch.judge(1));
  EXPECT_TRUE(watch.ended(1));
  const std::optional<RankVerdict> verdict = watch.judge(1);
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->rank, 1);
  EXPECT_EQ(verdict->loss, RankLoss::Gone);
  EXPECT_EQ(watch.message(*verdict),
            "rank 1 on n1 is gone: its process has ended; it was at [1/2] a, step 3/35: the job ends, and the same "
            "command goes on from what is on disk");
}

TEST(RankWatch, TheOthersTimeOutDoesNotMatterForWhoIsGone) {
  RankWatch watch(2, 0);
  watch.ended(0);
  ASSERT_TRUE(watch.judge(0));
  EXPECT_EQ(watch.judge(0)->rank, 0);
}

TEST(RankWatch, LetsARankLeave) {
  RankWatch watch(2, 5);
  watch.left(1, 0);
  EXPECT_FALSE(watch.ended(1)) << "it took leave before";
  RankSign sign;
  for (int now = 0; now < 100; ++now) {
    sign.progress = static_cast<std::uint64_t>(now);
    watch.heard(0, sign, now);
    EXPECT_FALSE(watch.judge(now));
  }
}

// Its sign is up to half a second old when the other rank, for which it waited, leaves.
TEST(RankWatch, BearsWithARankThatWaitedForOneThatLeaves) {
  RankWatch watch(2, 5);
  RankSign sign;
  sign.stepping = true;
  for (int now = 0; now < 100; ++now) {
    sign.meeting = true;
    sign.progress = 7;
    watch.heard(0, sign, now);
    sign.meeting = false;
    sign.progress = static_cast<std::uint64_t>(now);
    watch.heard(1, sign, now);
  }
  watch.left(1, 99);
  EXPECT_FALSE(watch.judge(99));
}

TEST(RankWatch, OneRankSpeaks) {
  RankWatch watch(4, 5);
  EXPECT_EQ(watch.speaker({2, RankLoss::Silent}), 0);
  EXPECT_EQ(watch.speaker({0, RankLoss::Silent}), 1);
  EXPECT_EQ(watch.speaker({0, RankLoss::AllWaiting}), 0);
  EXPECT_EQ(watch.speaker({1, RankLoss::AllWaiting}), 0) << "whomever each suspects, one speaks";
  watch.ended(0);
  watch.ended(1);
  EXPECT_EQ(watch.speaker({0, RankLoss::Gone}), 2);
  EXPECT_EQ(RankWatch(1, 5).speaker({0, RankLoss::Stuck}), 0) << "alone, a rank speaks of itself";
}

TEST(RankWatch, SaysWhatItHasSeen) {
  RankWatch watch(2, 5);
  watch.heard(1, at_place("gpu7", "[1/2] a, decode"), 0);
  struct Words {
    RankLoss loss;
    const char* text;
  };
  for (const Words& w : {Words{RankLoss::Silent, "rank 1 on gpu7 has given no sign of life for 130 s"},
                         Words{RankLoss::Stuck, "rank 1 on gpu7 has made no progress for 130 s"},
                         Words{RankLoss::AllWaiting, "rank 1 on gpu7 has waited for other ranks for 130 s"}}) {
    const std::string message = watch.message({1, w.loss, 130.2});
    EXPECT_THAT(message, HasSubstr(w.text));
    EXPECT_THAT(message, HasSubstr("; it was at [1/2] a, decode (rank timeout)"));
    EXPECT_THAT(message, Not(HasSubstr("\n")));
  }
}

TEST(RankWatch, TellsHowManyAreStuck) {
  RankWatch watch(3, 5);
  for (int now = 0; now < 10; ++now) {
    for (int rank = 0; rank < 3; ++rank) {
      RankSign sign = at_place("n1", "");
      sign.stepping = true;
      sign.progress = rank == 1 ? 0 : static_cast<std::uint64_t>(std::min(now, 2));  // rank 1 hangs first
      watch.heard(rank, sign, now);
    }
  }
  const std::optional<RankVerdict> verdict = watch.judge(10);
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->rank, 1);
  EXPECT_THAT(watch.message(*verdict), HasSubstr("; so are 2 more, which may wait for it"));
}

TEST(PeerPacket, CarriesASignAndCutsLongNames) {
  RankSign sign = at_place(std::string(300, 'h'), std::string(300, 'p'));
  sign.progress = 1ULL << 40;
  sign.meeting = true;
  sign.stepping = true;
  sign.longest_step = 2.5;
  const RankSign got = sign_of(packet_of(sign));
  EXPECT_EQ(got.progress, sign.progress);
  EXPECT_TRUE(got.meeting);
  EXPECT_TRUE(got.stepping);
  EXPECT_EQ(got.longest_step, 2.5);
  EXPECT_EQ(got.host, std::string(63, 'h'));
  EXPECT_EQ(got.place, std::string(173, 'p'));
}

// A debugger or `scontrol suspend` stops the watching process for an hour.
TEST(AwakeClock, StandsStillWhileTheProcessIsStopped) {
  AwakeClock::Time time;
  AwakeClock clock(time);
  double seconds = 0;
  for (int i = 0; i < 10; ++i) seconds = clock.seconds(time += std::chrono::milliseconds(500));
  EXPECT_DOUBLE_EQ(seconds, 5);
  EXPECT_DOUBLE_EQ(clock.seconds(time += std::chrono::hours(1)), 5 + AwakeClock::kMost);
  EXPECT_DOUBLE_EQ(clock.seconds(time += std::chrono::milliseconds(500)), 5.5 + AwakeClock::kMost);
}

}  // namespace
}  // namespace orrery
