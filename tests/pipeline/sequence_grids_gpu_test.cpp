#include <gtest/gtest.h>

#include "base/core/file_content.h"
#include "golden_job.h"
#include "support/mpi_world.h"
#include "support/test_device.h"

// Ranks that share a clip's tokens, on GPUs, over all steps of a golden case. No sum is cut, but a product of fewer
// rows may be another kernel's, which rounds elsewhere: in bfloat16 that must cost no more than bfloat16 costs anyway.
namespace orrery {
namespace {

struct Case {
  const char* set;
  const char* name;
  ScheduleKind schedule;
};

bool same_everywhere(const at::Tensor& x) {
  const at::Tensor host = x.cpu().contiguous();
  const std::string own = checksum(host.const_data_ptr(), host.nbytes());
  return mpi_world().max(mpi_world().broadcast(own) == own ? 0 : 1) == 0;
}

class SharedTokens : public testing::TestWithParam<Case> {
 protected:
  MediaLatents latents(const Comm& world, GridShape shape, at::ScalarType dtype) const {
    return GoldenJob(world, GetParam().set, shape, dtype).latents(golden_, GetParam().schedule);
  }

  Golden golden_ = Golden::load_case(std::string(GetParam().set) + "/" + GetParam().name);
};

TEST_P(SharedTokens, RoundNoWorseThanBfloat16) {
  const auto [rank, size] = mpi_world().shard();
  const Comm alone = mpi_world().split(rank);
  const MediaLatents exact = latents(alone, {}, at::kFloat);
  for (const GridShape& shape : sequence_grids(size)) {
    SCOPED_TRACE(shape.text());
    const MediaLatents whole = latents(mpi_world().split(rank / shape.tp), {1, shape.tp}, at::kBFloat16);
    const MediaLatents shared = latents(mpi_world(), shape, at::kBFloat16);
    bool same = true;
    for (const auto& [stream, own] : exact) {
      EXPECT_TRUE(same_everywhere(shared.at(stream)));
      EXPECT_LE(relative_rms(shared.at(stream), own), 1.5 * relative_rms(whole.at(stream), own));
      same = same && at::equal(shared.at(stream), whole.at(stream));
    }
    RecordProperty("bits_of_one_rank_sp" + std::to_string(shape.sp), same ? "yes" : "no");
    if (shape.tp > 1) continue;
    const MediaLatents in_float = latents(mpi_world(), shape, at::kFloat);
    for (const auto& [stream, own] : exact) EXPECT_LE(relative_rms(in_float.at(stream), own), 1e-4);
  }
}

INSTANTIATE_TEST_SUITE_P(Goldens, SharedTokens,
                         testing::Values(Case{"tiny", "t2v", ScheduleKind::DoubleShift},
                                         Case{"tiny", "i2av", ScheduleKind::DoubleShift},
                                         Case{"tiny", "odd_grid_karras_nocfg", ScheduleKind::Karras},
                                         Case{"gqa_native", "i2av", ScheduleKind::Native}),
                         [](const auto& row) { return std::string(row.param.set) + "_" + row.param.name; });

}  // namespace
}  // namespace orrery
