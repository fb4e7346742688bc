#include "base/core/pulse.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace orrery {
namespace {

TEST(Pulse, CountsBeatsOfAllThreads) {
  const std::uint64_t before = read_pulse().beats;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([] {
      for (int k = 0; k < 1000; ++k) beat();
    });
  }
  threads.clear();
  EXPECT_EQ(read_pulse().beats, before + 4000);
}

TEST(Pulse, MeetsUntilTheOuterMeetingEnds) {
  EXPECT_FALSE(read_pulse().meeting);
  {
    const std::uint64_t before = read_pulse().beats;
    const Meeting outer;
    EXPECT_GT(read_pulse().beats, before) << "coming to a meeting is progress";
    { const Meeting inner; }
    EXPECT_TRUE(read_pulse().meeting);
  }
  EXPECT_FALSE(read_pulse().meeting);
}

TEST(Pulse, NamesTheClipAndItsPhase) {
  note_clip("[2/9] drive");
  note_phase("text");
  EXPECT_EQ(read_pulse().clip, "[2/9] drive");
  EXPECT_EQ(read_pulse().phase, "text");
  struct Case {
    std::int64_t first, done, all;
    const char* phase;
    bool stepping;
  };
  for (const Case& c :
       {Case{0, 0, 35, "step 1/35", false}, Case{0, 1, 35, "step 2/35", true}, Case{20, 20, 35, "step 21/35", false},
        Case{20, 21, 35, "step 22/35", true}, Case{0, 35, 35, "step 35/35", true}}) {
    note_steps(c.first, c.done, c.all);
    EXPECT_EQ(read_pulse().phase, c.phase);
    EXPECT_EQ(read_pulse().stepping, c.stepping) << c.phase;
  }
  note_phase("decode");
  EXPECT_EQ(read_pulse().phase, "decode");
  EXPECT_FALSE(read_pulse().stepping);
}

TEST(Pulse, TellsAtOnceOfAnotherPlaceButNotOfEachStep) {
  std::vector<std::string> places;
  on_place_change([&] { places.push_back(read_pulse().clip + ", " + read_pulse().phase); });
  note_phase("text");
  note_clip("b");
  for (int done = 0; done < 3; ++done) note_steps(0, done, 35);
  note_phase("decode");
  on_place_change({});
  note_phase("encode");
  EXPECT_EQ(std::vector<std::string>(places.begin() + 1, places.end()),
            (std::vector<std::string>{"b, text", "b, step 1/35", "b, decode"}));
  EXPECT_TRUE(places.front().ends_with(", text"));
}

TEST(Pulse, KeepsTheLongestStep) {
  note_step_time(3);
  note_step_time(5);
  note_step_time(4);
  EXPECT_EQ(read_pulse().longest_step, 5);
}

}  // namespace
}  // namespace orrery
