// Clips whose tokens are split over ranks (--sp) have the same bits as with --cfg 2, whatever features they use. (A
// single rank computes both branches of such small clips in one pass, which rounds differently.)
#include <gmock/gmock.h>

#include "clips.h"

namespace orrery {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// Sound, a picture, chunks, conditions and a step cache. The run with --sp begins on four ranks, stops, and resumes on
// two, with the text tower released.
TEST_F(Clips, OfSharedTokensHaveTheSameBits) {
  const std::vector<Json> lines{
      tiny_line("a", {{"sound", true}, {"steps", 2}}),
      tiny_line("picture", {{"num_frames", 1}}),
      tiny_line("long", {{"num_frames", 13}, {"chunk_frames", 9}, {"sound", true}, {"steps", 2}}),
      tiny_line("on", {{"condition_latents", "a"}, {"steps", 2}}),
      tiny_line("cached", {{"steps", 9}, {"step_cache", 0.6}, {"guidance_interval", {600, 990}}, {"sound", true}}),
      tiny_line("small", {{"num_frames", 1}, {"height", 32}, {"width", 32}})};
  run("whole", lines, {"--media", "none"}, {2, 1});
  run("shared", lines, {"--media", "none", "--stop-after-steps", "1"}, {1, 1, 4}, kStopped);
  const Ending last = run("shared", lines, {"--media", "none", "--text-tower", "release"}, {1, 1, 2}, 1);
  EXPECT_THAT(last.err, AllOf(HasSubstr("a resumes at step 1/2"),
                              HasSubstr("has 1 token, too few to split over --sp 2 ranks: use a smaller --sp")));
  for (const char* id : {"a", "picture", "long@0", "long@1", "on", "cached"}) {
    const LatentFile expected = latents("whole", id), found = latents("shared", id);
    EXPECT_TRUE(found.latents == expected.latents && found.condition == expected.condition) << id;
  }
  CommandLine validate = command("validated", {lines.back()}, {"--sp", "2"});
  validate.at(1) = "validate";
  const Ending refused = run_program(validate);
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("too few to split over --sp 2 ranks"));
}

}  // namespace
}  // namespace orrery
