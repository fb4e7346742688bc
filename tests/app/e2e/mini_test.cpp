// Latents of the trained checkpoint inputs/mini agree with the public float32 implementation on every topology.
#include <algorithm>
#include <iostream>

#include "clips.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;

const fs::path kSource = ORRERY_SOURCE;
constexpr double kTolerance = 1e-3;  // relative to the largest value

// The requests from which tools/train_mini/reference.py made mini.safetensors.
std::vector<Json> reference_lines() { return json_lines(kSource / "tests/data/mini.jsonl"); }

std::string name_of(const testing::TestParamInfo<RunGrid>& test) { return grid_name(test.param); }

class Mini : public Clips {
 protected:
  Mini() { checkpoint_ = kSource / "inputs/mini"; }
};

class MiniGrids : public Mini, public testing::WithParamInterface<RunGrid> {};

TEST_P(MiniGrids, FollowTheReference) {
  const Golden golden = Golden::load(kSource / "tests/data/mini.safetensors");
  const std::vector<Json> lines = reference_lines();
  run("out", lines, {"--media", "none", "--quiet", "--dtype", "float32"}, GetParam());
  double worst = 0;
  for (const Json& line : lines) {
    const auto id = line.at("id").get<std::string>();
    SCOPED_TRACE(id);
    const LatentFile file = latents("out", id);
    worst = std::max(worst, relative(video_of(file), golden[id + ".video"]));
    ASSERT_EQ(file.latents.contains(Stream::Sound), golden.has(id + ".sound"));
    if (file.latents.contains(Stream::Sound))
      worst = std::max(worst, relative(tensor_of(file.latents.at(Stream::Sound)), golden[id + ".sound"]));
  }
  std::cout << "worst: " << worst << "\n";
  EXPECT_LE(worst, kTolerance);
}

INSTANTIATE_TEST_SUITE_P(Mini, MiniGrids, testing::Values(RunGrid{1, 1}, RunGrid{1, 2}, RunGrid{2, 4}), name_of);

}  // namespace
}  // namespace orrery
