#include <gtest/gtest.h>

#include "golden_job.h"
#include "support/mpi_world.h"

// Two GPUs against one, in bfloat16, over all steps of a golden case.
namespace orrery {
namespace {

struct Case {
  const char* set;
  const char* name;
  ScheduleKind schedule;
};

class TwoGpus : public testing::TestWithParam<Case> {
 protected:
  MediaLatents latents(const Comm& world, GridShape shape, at::ScalarType dtype) const {
    const GoldenJob job(world, GetParam().set, shape, dtype);
    return job.run(golden_, GetParam().schedule, [](const DenoiseState&) { return true; }).latents;
  }

  Golden golden_ = Golden::load_case(std::string(GetParam().set) + "/" + GetParam().name);
  Comm alone_ = mpi_world().split(mpi_world().shard().rank);
};

TEST_P(TwoGpus, AGroupForEachBranchChangesNoBit) {
  const MediaLatents one = latents(alone_, {1, 1}, at::kBFloat16);
  const MediaLatents two = latents(mpi_world(), {2, 1}, at::kBFloat16);
  for (const auto& [stream, latents] : one) EXPECT_TRUE(at::equal(latents, two.at(stream)));
}

// Partial sums round at other places; that must cost no more than bfloat16 costs anyway.
TEST_P(TwoGpus, SharedWeightsRoundNoWorseThanBfloat16) {
  const at::Tensor exact = latents(alone_, {1, 1}, at::kFloat).at(Stream::Video);
  const at::Tensor one = latents(alone_, {1, 1}, at::kBFloat16).at(Stream::Video);
  const at::Tensor two = latents(mpi_world(), {1, 2}, at::kBFloat16).at(Stream::Video);
  const double rounding = relative_rms(one, exact);
  RecordProperty("one_from_float32", std::to_string(rounding));
  RecordProperty("two_from_float32", std::to_string(relative_rms(two, exact)));
  RecordProperty("two_from_one", std::to_string(relative_rms(two, one)));
  EXPECT_LE(relative_rms(two, exact), 1.5 * rounding);
}

INSTANTIATE_TEST_SUITE_P(Goldens, TwoGpus,
                         testing::Values(Case{"tiny", "t2v", ScheduleKind::DoubleShift},
                                         Case{"tiny", "i2av", ScheduleKind::DoubleShift},
                                         Case{"gqa_native", "i2av", ScheduleKind::Native}),
                         [](const auto& row) { return std::string(row.param.set) + "_" + row.param.name; });

}  // namespace
}  // namespace orrery
