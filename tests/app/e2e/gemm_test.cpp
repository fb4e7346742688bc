// --gemm fp8 makes other latents, says so in their files, and never goes on with those of plain products.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "clips.h"

namespace orrery {
namespace {

using testing::HasSubstr;

TEST_F(Clips, InEightBitsAreNearAndMarked) {
  run("plain", {tiny_line("a")}, {"--media", "none"});
  run("fp8", {tiny_line("a")}, {"--media", "none", "--gemm", "fp8"}, {2, 2});
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

}  // namespace
}  // namespace orrery
