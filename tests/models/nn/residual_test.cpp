#include "models/nn/residual.h"

#include <gtest/gtest.h>

#include "base/parallel/rank_groups.h"
#include "support/golden.h"
#include "support/mpi_world.h"
#include "support/test_device.h"

namespace orrery {
namespace {

TEST(RowRanges, CoverTheRowsInTurn) {
  for (const int ranks : {1, 2, 8}) {
    for (const std::int64_t rows : {1, 511, 512, 600, 9360, 44160}) {
      std::int64_t next = 0;
      for (const Range& part : row_ranges(rows, ranks)) {
        EXPECT_EQ(part.begin, next);
        EXPECT_GT(part.size, 0);
        next = part.end();
      }
      EXPECT_EQ(next, rows);
      EXPECT_EQ(row_ranges(rows, ranks).size(), ranks > 1 && rows >= 512 ? 2U : 1U) << rows << " on " << ranks;
    }
  }
}

// A stream without weights but a norm's of ones.
class Stream {
 public:
  explicit Stream(std::int64_t rows) : rows_(rows) {}

  // The same on every rank, of which each adds its share: rank + 1 times the noise of a layer.
  at::Tensor noise(int layer) const {
    return at::randn({rows_, kWidth}, at::detail::createCPUGenerator(static_cast<std::uint64_t>(layer)), at::kFloat)
        .to(test_device());
  }
  // Three layers that add twice each, and the norm behind them.
  at::Tensor run() const {
    Residual stream(noise(0).clone(), *tp_);
    const at::Tensor shares = noise(1) * (rank_ + 1);
    for (int i = 0; i < 6; ++i) {
      if (i % 2 == 0) collect(stream);
      for (const Range& part : stream.parts()) {
        if (i % 2 == 1) norm_of(stream, part);
        stream.add(rows_of(shares, part).clone());
      }
    }
    return collect(stream);
  }
  at::Tensor expected() const {
    const int ranks = tp_->shard().size;
    at::Tensor x = noise(0) + noise(1) * (6 * ranks * (ranks + 1) / 2);
    return add_rms_norm_aten(x, {}, ones(), kEps).data;
  }

 private:
  static constexpr std::int64_t kWidth = 64;
  static constexpr double kEps = 1e-6;

  static at::Tensor ones() { return at::ones({kWidth}, at::TensorOptions(test_device())); }
  static at::Tensor norm_of(Residual& stream, const Range& part) {
    return stream.norm(part, norm(), RowFormat::Plain).data;
  }
  static at::Tensor collect(Residual& stream) {
    std::vector<at::Tensor> parts;
    for (const Range& part : stream.parts()) parts.push_back(norm_of(stream, part));
    return at::cat(parts);
  }
  static RmsNorm norm() { return RmsNorm(ones(), kEps); }

  std::int64_t rows_;
  std::unique_ptr<Collectives> tp_ = make_collectives(mpi_world(), test_device());
  int rank_ = mpi_world().shard().rank;
};

class ResidualTest : public testing::TestWithParam<std::int64_t> {};

TEST_P(ResidualTest, AddsTheSumsOfAllRanks) {
  const Stream stream(GetParam());
  const at::Tensor normed = stream.run();
  EXPECT_LE(max_abs(normed, stream.expected()), 1e-5);
  EXPECT_TRUE(at::equal(stream.run(), normed)) << "another run, other bits";
}

INSTANTIATE_TEST_SUITE_P(Rows, ResidualTest, testing::Values(1, 100, 512, 1000, 4001));

}  // namespace
}  // namespace orrery
