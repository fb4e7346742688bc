// --gemm fp8 makes other latents, records this in their files, and does not resume clips made without it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "clips.h"
#include "support/golden.h"

namespace orrery {
namespace {

using testing::HasSubstr;

const CommandLine kIn8Bits{"--media", "none", "--gemm", "fp8", "--full-precision-steps", "0,0"};

CommandLine with_steps(const std::string& steps) {
  CommandLine options = kIn8Bits;
  options.back() = steps;
  return options;
}

TEST_F(Clips, InEightBitsAreNearAndMarked) {
  run("plain", {tiny_line("a")}, {"--media", "none"});
  run("fp8", {tiny_line("a")}, kIn8Bits, {2, 2});
  const double difference = relative(video_of(latents("fp8", "a")), video_of(latents("plain", "a")));
  EXPECT_GT(difference, 1e-4);
  EXPECT_LT(difference, 0.2);
  EXPECT_EQ(Json::parse(latents("fp8", "a").model).at("gemm"), "fp8");
  EXPECT_FALSE(Json::parse(latents("plain", "a").model).contains("gemm"));
}

TEST_F(Clips, OfOneGemmAreNotTakenForTheOthers) {
  run("out", {tiny_line("a")}, {"--media", "none", "--gemm", "fp8"});
  const Ending refused = run("out", {tiny_line("a")}, {"--media", "none"}, {}, 2);
  EXPECT_THAT(refused.err, HasSubstr("with another --gemm"));
  run("out", {tiny_line("a")}, {"--media", "none", "--gemm", "fp8"});
}

// With all steps in full precision the clip is closer to the plain one, and only the weights' rounding is left. With
// some of the steps it only has to differ: with random weights, the gain is smaller than the random effect of the other
// steps' rounding.
TEST_F(Clips, AreNearerWithStepsInFullPrecision) {
  const std::vector<Json> lines{tiny_line("a", {{"steps", 6}})};
  run("plain", lines, {"--media", "none"});
  const auto error = [&](const std::string& steps) {
    run(steps, lines, with_steps(steps));
    return relative_rms(video_of(latents(steps, "a")), video_of(latents("plain", "a")));
  };
  const double none = error("0,0"), some = error("3,2"), all = error("6,0");
  EXPECT_LT(all, none);
  EXPECT_GT(all, 1e-5);
  EXPECT_NE(some, none);
  EXPECT_NE(some, all);
  run("default", lines, {"--media", "none", "--gemm", "fp8"});
  EXPECT_TRUE(at::equal(video_of(latents("default", "a")), video_of(latents("6,0", "a"))))
      << "3,3 are all of six steps";
}

TEST_F(Clips, GoOnInThePrecisionOfEachStep) {
  const std::vector<Json> lines{tiny_line("a", {{"steps", 6}})};
  run("whole", lines, with_steps("2,1"));
  for (const char* steps : {"1", "4"}) {
    CommandLine some = with_steps("2,1");
    some.insert(some.end(), {"--stop-after-steps", steps});
    run("parts", lines, some, {}, kStopped);
  }
  const Ending refused = run("parts", lines, with_steps("2,2"), {}, 2);
  EXPECT_THAT(refused.err, HasSubstr("with another --full-precision-steps"));
  run("parts", lines, with_steps("2,1"));
  EXPECT_TRUE(timeless_latents("parts", "a") == timeless_latents("whole", "a"));
  EXPECT_EQ(Json::parse(latents("parts", "a").model).at("full_precision_steps"), "2,1");
}

}  // namespace
}  // namespace orrery
