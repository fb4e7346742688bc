#include <gtest/gtest.h>

#include "pipeline/clip_needs.h"
#include "pipeline/clip_times.h"

namespace orrery {
namespace {

TEST(MemoryProblem, NamesTheLargerNeed) {
  const Request request;
  const ClipMemory decoding{5'900'000'000, 9'240'000'000}, denoising{23'100'000'000, 9'240'000'000};
  const std::string end =
      " 1280x720, 189 frames, 4.5 GB are free after the weights: use more GPUs for a clip (tp), release the "
      "text tower, fewer frames or fewer pixels";
  const std::int64_t free = 4'500'000'000;
  EXPECT_EQ(memory_problem(request, decoding, true, free), "needs about 9.2 GB of GPU memory to decode" + end);
  EXPECT_EQ(memory_problem(request, decoding, false, free), "needs about 5.9 GB of GPU memory to denoise" + end);
  EXPECT_EQ(memory_problem(request, denoising, true, free), "needs about 23.1 GB of GPU memory to denoise" + end);
}

TEST(PhaseClock, SharesAllTimeOut) {
  PhaseTimes times;
  const Stopwatch all;
  PhaseClock clock(times, at::kCPU);
  for (const char* phase : {"a", "b", "a"}) {
    const Stopwatch busy;
    while (busy.seconds() < 0.01) continue;
    clock.end(phase);
  }
  EXPECT_EQ(times.phases().size(), 2U);
  EXPECT_GE(times.phases()[0].second, 0.02);
  EXPECT_GE(times.phases()[1].second, 0.01);
  EXPECT_LE(times.total(), all.seconds());
}

}  // namespace
}  // namespace orrery
