// Frames decoded by several ranks equal those decoded by one rank.
#include <gmock/gmock.h>

#include "clips.h"
#include "io/media/media_reader.h"

namespace orrery {
namespace {

class VaeSplits : public Clips {
 protected:
  // All frames in a clip's folder in OUT, concatenated.
  std::vector<int> frames(const std::string& out, const std::string& id) const {
    std::vector<int> bytes;
    for (int index = 0; index < 9; ++index) {
      const RgbImage image = read_image(folder_ / (out + "/frames/" + id + "/00000" + std::to_string(index) + ".png"));
      bytes.insert(bytes.end(), image.rgb.begin(), image.rgb.end());
    }
    return bytes;
  }
  void decode(int ranks, const std::string& out, const CommandLine& more) const {
    CommandLine line = orrery({"decode", "--checkpoint", checkpoint_.string(), "--out", (folder_ / out).string(),
                               "--device", "cpu", "--media", "none", "--keep-frames"});
    line.insert(line.end(), more.begin(), more.end());
    line.push_back(latents_path("run", "clip").string());
    const Ending ending = run_program(on_ranks(ranks, line));
    ASSERT_EQ(ending.exit_code, 0) << ending.err;
  }
  static int largest_difference(const std::vector<int>& a, const std::vector<int>& b) {
    EXPECT_EQ(a.size(), b.size());
    int largest = 0;
    for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
    return largest;
  }
};

TEST_F(VaeSplits, MakeOneRanksFramesUnlessTheyAreTiles) {
  run("run", {tiny_line("clip")}, {"--media", "none", "--keep-frames"}, {2, 2});
  decode(1, "one", {});
  const std::vector<int> one = frames("one", "clip");
  EXPECT_LE(largest_difference(frames("run", "clip"), one), 1) << "a rounding step of a byte";
  decode(3, "three", {});
  EXPECT_LE(largest_difference(frames("three", "clip"), one), 1);
  decode(2, "none", {"--vae-split", "none"});
  EXPECT_EQ(frames("none", "clip"), one);
  decode(2, "tiles", {"--vae-split", "tiles"});
  EXPECT_GT(largest_difference(frames("tiles", "clip"), one), 1);
}

}  // namespace
}  // namespace orrery
