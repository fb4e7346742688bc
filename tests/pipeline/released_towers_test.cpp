#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/core/error.h"
#include "base/parallel/process_grid.h"
#include "base/parallel/rank_groups.h"
#include "io/checkpoint/random_checkpoint.h"
#include "io/checkpoint/safetensors_files.h"
#include "pipeline/clip_needs.h"
#include "pipeline/denoise.h"
#include "pipeline/towers.h"
#include "support/golden.h"
#include "support/mpi_world.h"
#include "support/test_device.h"

namespace orrery {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

const TokenIds kNegative{5, 81, 7};
// The second request has no guidance, the third is the first again, the last has the second's text.
const std::vector<PromptIds> kRequests{{{17, 4, 256, 9}, kNegative},
                                       {{3, 200}, {}},
                                       {{17, 4, 256, 9}, kNegative},
                                       {{60, 61, 62}, kNegative},
                                       {{3, 200}, kNegative}};
const MediaShape kShape{{{Stream::Video, {{8, 2, 4, 6}}}}};

// A model over the world's ranks, its towers kept or released.
class Ranks {
 public:
  explicit Ranks(GridShape shape) : grid_(mpi_world(), shape), groups_(grid_, test_device()) {}

  std::unique_ptr<Towers> kept() const { return std::make_unique<KeptTowers>(weights(), config(), groups_); }
  std::unique_ptr<Towers> released(std::int64_t window_bytes) const {
    return std::make_unique<ReleasedTowers>(weights(), config(), groups_, *groups_.cfg, kRequests, window_bytes, log_);
  }
  // The guided velocity of one request from seeded noise.
  at::Tensor velocity(const Towers& towers, const PromptIds& ids) const {
    const auto guidance = ids.uncond.empty() ? std::nullopt : std::optional(Guidance{6.0});
    const TextSource text = [&](const TokenIds& tokens) { return towers.text(tokens); };
    const GuidedModel model(towers.media(), *groups_.cfg, text, ids, kShape, guidance);
    return model.velocity(noise_for(1, kShape, test_device()), 500).at(Stream::Video).guided().cpu();
  }
  // Of `tokens` tokens on this rank.
  std::int64_t cache_bytes(std::int64_t tokens) const {
    return text_cache_bytes(config(), tokens, {{1, grid_.tp().shard().size}, 4});
  }

  Weights weights() const {
    return {std::make_shared<ShardedCheckpoint>(folder_), grid_.tp().shard(), test_device(), at::kFloat};
  }
  Cosmos3Config config() const { return read_cosmos3_config(folder_ / "config.json"); }

 private:
  ProcessGrid grid_;
  RankGroups groups_;
  std::filesystem::path folder_ = golden_checkpoint("tiny") / "transformer";
  Log log_{LogLevel::Quiet};
};

std::vector<GridShape> grids() {
  std::vector<GridShape> shapes;
  for (const int cfg : {1, 2}) {
    if (mpi_world().shard().size % cfg == 0) shapes.push_back({cfg, mpi_world().shard().size / cfg});
  }
  return shapes;
}

struct Case {
  const char* name;
  std::int64_t window_tokens;
  std::vector<int> loads;  // the requests for which weights are loaded
};

class Windows : public testing::TestWithParam<Case> {};

TEST_P(Windows, GiveTheBitsOfKeptTowers) {
  for (const GridShape shape : grids()) {
    SCOPED_TRACE("cfg " + std::to_string(shape.cfg) + " tp " + std::to_string(shape.tp));
    const Ranks ranks(shape);
    const auto kept = ranks.kept();
    const auto released = ranks.released(ranks.cache_bytes(GetParam().window_tokens));
    std::vector<int> loads;
    for (std::size_t i = 0; i < kRequests.size(); ++i) {
      EXPECT_FALSE(kept->prepare(kRequests[i]));
      if (released->prepare(kRequests[i])) loads.push_back(static_cast<int>(i));
      EXPECT_TRUE(at::equal(ranks.velocity(*released, kRequests[i]), ranks.velocity(*kept, kRequests[i])))
          << "request " << i;
    }
    EXPECT_EQ(loads, GetParam().loads);
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, Windows,
                         testing::Values(Case{"nothing", 0, {0, 1, 2, 3, 4}}, Case{"one", 7, {0, 1, 2, 3, 4}},
                                         Case{"two", 10, {0, 3}}, Case{"all", 1000, {0}}),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(ReleasedTowers, SkipRequestsThatWereNotMade) {
  const Ranks ranks(grids().front());
  const auto towers = ranks.released(0);
  EXPECT_TRUE(towers->prepare(kRequests[0]));
  EXPECT_TRUE(towers->prepare(kRequests[3]));
  EXPECT_TRUE(at::equal(ranks.velocity(*towers, kRequests[3]), ranks.velocity(*ranks.kept(), kRequests[3])));
}

TEST(ReleasedTowers, RefuseWhatWasNotAnnounced) {
  const Ranks ranks(grids().front());
  const auto towers = ranks.released(0);
  EXPECT_THROW(towers->media(), Error);
  EXPECT_THROW(towers->prepare({{1, 2, 3}, {}}), Error);
  towers->prepare(kRequests[1]);
  EXPECT_THROW(towers->text(kNegative), Error);
}

// Both loads together are audited as one load of everything is.
TEST(ReleasedTowers, RefuseTensorsThatNeitherTowerHas) {
  const Ranks ranks(grids().front());
  const ShardedCheckpoint source(golden_checkpoint("tiny") / "transformer");
  RandomTensors tensors;
  for (const std::string& name : source.names()) tensors[name] = {source.find(name)->shape, 0, 1};
  tensors["layers.0.surplus.weight"] = {{4}, 0, 1};
  const Comm alone = mpi_world().split(mpi_world().shard().rank);
  const auto group = make_collectives(alone, test_device());
  const Log log(LogLevel::Quiet);
  const Weights weights(std::make_shared<RandomCheckpoint>("surplus", tensors), Shard{}, test_device(), at::kFloat);
  ReleasedTowers towers(weights, ranks.config(), *group, *group, kRequests, 0, log);
  EXPECT_THAT([&] { towers.prepare(kRequests[0]); },
              ThrowsMessage<InputError>(HasSubstr("1 tensor that this model does not have: layers.0.surplus")));
}

TEST(TextWindow, CountsEachTextOnce) {
  const auto sizes = [](std::int64_t tokens) {
    std::vector<std::size_t> counts;
    for (std::size_t i = 0; i < kRequests.size(); ++i) {
      counts.push_back(text_window(std::span(kRequests).subspan(i), tokens));
    }
    return counts;
  };
  EXPECT_THAT(sizes(0), ElementsAre(1U, 1U, 1U, 1U, 1U));
  EXPECT_THAT(sizes(8), ElementsAre(1U, 1U, 1U, 2U, 1U));
  EXPECT_THAT(sizes(9), ElementsAre(3U, 2U, 1U, 2U, 1U));
  EXPECT_THAT(sizes(12), ElementsAre(5U, 4U, 3U, 2U, 1U));
  EXPECT_EQ(text_window({}, 5), 0U);
}

}  // namespace
}  // namespace orrery
