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
    return GoldenJob(world, GetParam().set, shape, dtype).latents(golden_, GetParam().schedule);
  }

  Golden golden_ = Golden::load_case(std::string(GetParam().set) + "/" + GetParam().name);
  Comm alone_ = mpi_world().split(mpi_world().shard().rank);
};

// Alone, a rank takes both branches of a clip this small through the layers at once, and products of more rows may be
// summed in another order; with tensor parallelism partial sums round at other places. Neither may cost more than
// bfloat16 costs anyway.
TEST_P(TwoGpus, RoundNoWorseThanBfloat16) {
  const at::Tensor exact = latents(alone_, {1, 1}, at::kFloat).at(Stream::Video);
  const at::Tensor one = latents(alone_, {1, 1}, at::kBFloat16).at(Stream::Video);
  const double rounding = relative_rms(one, exact);
  RecordProperty("one_from_float32", std::to_string(rounding));
  for (const auto& [name, grid] : {std::pair{"cfg", GridShape{2, 1}}, {"tp", GridShape{1, 2}}}) {
    const at::Tensor two = latents(mpi_world(), grid, at::kBFloat16).at(Stream::Video);
    RecordProperty(std::string(name) + "_from_float32", std::to_string(relative_rms(two, exact)));
    RecordProperty(std::string(name) + "_from_one", std::to_string(relative_rms(two, one)));
    EXPECT_LE(relative_rms(two, exact), 1.5 * rounding) << name;
    EXPECT_TRUE(at::equal(latents(mpi_world(), grid, at::kBFloat16).at(Stream::Video), two)) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Goldens, TwoGpus,
                         testing::Values(Case{"tiny", "t2v", ScheduleKind::DoubleShift},
                                         Case{"tiny", "i2av", ScheduleKind::DoubleShift},
                                         Case{"gqa_native", "i2av", ScheduleKind::Native}),
                         [](const auto& row) { return std::string(row.param.set) + "_" + row.param.name; });

}  // namespace
}  // namespace orrery
