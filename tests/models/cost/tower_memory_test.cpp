#include "models/cost/tower_memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/checkpoint/weight_source.h"
#include "models/zoo/random_models.h"

namespace orrery {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

constexpr std::int64_t kGb = 1'000'000'000;

double gb(std::int64_t bytes) { return static_cast<double>(bytes) / 1e9; }

// 36 layers of 193 million values a tower; of the text tower's last one only the projections, but the embedding.
TEST(TowerBytes, OfThePublishedModels) {
  const CheckpointFiles nano = open_checkpoint("random:nano");
  const TowerBytes whole = tower_bytes(nano, 1, at::kBFloat16, RowFormat::Plain);
  EXPECT_NEAR(gb(whole.text), 36 * 0.3859 - 2 * 0.1678 + 2 * 0.6223, 0.05);
  EXPECT_NEAR(gb(whole.media), 36 * 0.3859, 0.1);
  EXPECT_EQ(tower_bytes(nano, 1, at::kFloat, RowFormat::Plain).text, 2 * whole.text);
  const CheckpointFiles super = open_checkpoint("random:super");
  const TowerBytes super_bytes = tower_bytes(super, 1, at::kBFloat16, RowFormat::Plain);
  EXPECT_NEAR(gb(super_bytes.together(true)), 63.5, 1.5);
  EXPECT_GT(gb(super_bytes.together(false)), 120);
}

TEST(TowerBytes, ShrinkWithRanksButForWhatAllHave) {
  const CheckpointFiles nano = open_checkpoint("random:nano");
  const TowerBytes whole = tower_bytes(nano, 1, at::kBFloat16, RowFormat::Plain);
  const TowerBytes half = tower_bytes(nano, 2, at::kBFloat16, RowFormat::Plain);
  EXPECT_NEAR(gb(half.media), gb(whole.media) / 2, 0.1);
  EXPECT_NEAR(gb(half.text), gb(whole.text) / 2 + 0.6223, 0.1) << "the embedding is not shared out";
}

// Half of the products' weights but in two layers of 36, and the factors of 38,912 channels a layer.
TEST(TowerBytes, AreFewerIn8Bits) {
  const CheckpointFiles nano = open_checkpoint("random:nano");
  const TowerBytes plain = tower_bytes(nano, 1, at::kBFloat16, RowFormat::Plain);
  const TowerBytes float8 = tower_bytes(nano, 1, at::kBFloat16, RowFormat::Float8);
  constexpr std::int64_t kValues = 4096LL * (6144 + 4096 + 24576) + 12288LL * 4096;
  EXPECT_EQ(plain.media - float8.media, 34 * (kValues - 4LL * (6144 + 4096 + 24576 + 4096)));
  EXPECT_EQ(plain.text, float8.text);
  const TowerBytes shared = tower_bytes(nano, 4, at::kBFloat16, RowFormat::Float8);
  EXPECT_NEAR(gb(shared.media), gb(float8.media) / 4, 0.1);
}

// A checkpoint whose layers' matrices are stored in 8 bits.
class StoredIn8Bits final : public WeightSource {
 public:
  explicit StoredIn8Bits(std::shared_ptr<WeightSource> source) : source_(std::move(source)) {}
  std::vector<std::string> names() const override { return source_->names(); }
  const TensorInfo* find(const std::string& name) const override { return source_->find(name); }
  void copy(const std::string&, const Slice&, at::Tensor) const override {}
  std::optional<float> factor(const std::string& name) const override {
    const bool is_matrix = name.starts_with("layers.") && find(name) != nullptr && find(name)->shape.size() == 2;
    return is_matrix ? std::optional(1.0F) : std::nullopt;
  }
  bool is_quantised() const override { return true; }
  std::string where(const std::string& name) const override { return source_->where(name); }
  std::string fingerprint() const override { return source_->fingerprint(); }

 private:
  std::shared_ptr<WeightSource> source_;
};

// Both towers keep what is stored in 8 bits, the first and the last layer included, unless products are plain.
TEST(TowerBytes, AreHalfOfWhatIsStoredIn8Bits) {
  CheckpointFiles nano = open_checkpoint("random:nano");
  const TowerBytes plain = tower_bytes(nano, 1, at::kBFloat16, RowFormat::Plain);
  nano.transformer = std::make_shared<StoredIn8Bits>(nano.transformer);
  const TowerBytes float8 = tower_bytes(nano, 1, at::kBFloat16, RowFormat::Float8);
  constexpr std::int64_t kQkv = 4096LL * 6144, kLayer = 4096LL * (6144 + 4096 + 24576) + 12288LL * 4096;
  constexpr std::int64_t kSaved = kLayer - 4LL * (6144 + 4096 + 24576 + 4096);
  EXPECT_EQ(plain.media - float8.media, 36 * kSaved);
  EXPECT_EQ(plain.text - float8.text, 35 * kSaved + kQkv - 4LL * 6144);
  EXPECT_EQ(tower_bytes(nano, 1, at::kBFloat16, RowFormat::Plain).media, plain.media);
  EXPECT_NEAR(gb(tower_bytes(nano, 4, at::kBFloat16, RowFormat::Float8).media), gb(float8.media) / 4, 0.1);
}

TEST(TooLargeTogether, CountsTheWorkingMemory) {
  EXPECT_FALSE(too_large_together({10, 12}, {30, 8}));
  EXPECT_TRUE(too_large_together({10, 12}, {30, 9}));
}

// A model of 40 + 40 GB that shares out evenly.
TowerBytes evenly(int tp) { return {40 * kGb / tp, 40 * kGb / tp}; }

std::string problem(bool released, std::int64_t free, std::int64_t working) {
  static const CheckpointFiles checkpoint = open_checkpoint("random:nano");
  return weights_problem(checkpoint, 1, released, {free * kGb, working * kGb}, evenly);
}

TEST(WeightsProblem, IsEmptyWhenTheyFit) {
  EXPECT_EQ(problem(false, 80, 0), "");
  EXPECT_EQ(problem(true, 40, 0), "");
}

TEST(WeightsProblem, NamesNumbersAndWhatHelps) {
  EXPECT_EQ(problem(false, 70, 10),
            "the weights of random:nano do not fit this GPU: a rank needs 80.0 GB at a time (text tower 40.0 GB, media "
            "tower 40.0 GB), 70.0 GB are free: use a released text tower (40.0 GB at a time), tp 2 (40.0 GB a rank), "
            "a GPU with more memory or a smaller model");
  EXPECT_EQ(problem(true, 39, 10),
            "the weights of random:nano do not fit this GPU: a rank needs 40.0 GB at a time (text tower 40.0 GB, media "
            "tower 40.0 GB, one after the other), 39.0 GB are free: use tp 2 (20.0 GB a rank), a GPU with more memory "
            "or a smaller model");
}

TEST(WeightsProblem, OffersOnlyWhatLeavesRoomToWork) {
  EXPECT_THAT(problem(false, 45, 10), AllOf(Not(HasSubstr("release")), HasSubstr("use tp 4 (20.0 GB a rank), ")));
  EXPECT_THAT(problem(false, 9, 8), EndsWith("9.0 GB are free: use a GPU with more memory or a smaller model"));
}

}  // namespace
}  // namespace orrery
