#include <fmt/format.h>
#include <gtest/gtest.h>

#include "golden_job.h"
#include "models/nn/sequence_parallel.h"
#include "support/mpi_world.h"
#include "support/test_device.h"

// Ranks that share a clip's tokens give its latents the bits of ranks that have all tokens of one branch. (A rank alone
// takes both branches of so small a clip in one pass, which rounds elsewhere.)
namespace orrery {
namespace {

struct Case {
  const char* set;
  const char* name;
  ScheduleKind schedule;
  std::int64_t steps;  // are enough
  RowFormat format = RowFormat::Plain;

  std::string text() const { return fmt::format("{}_{}{}", set, name, format == RowFormat::Plain ? "" : "_fp8"); }
};

class SequenceGrids : public testing::TestWithParam<Case> {
 protected:
  DenoiseState run(const Comm& world, GridShape shape, Exchange exchange = Exchange::OfDevice) const {
    const GoldenJob job(world, GetParam().set, shape, at::kFloat, GetParam().format, exchange);
    return job.run(golden_, GetParam().schedule,
                   [](const DenoiseState& state) { return state.steps_done() < GetParam().steps; });
  }

  // Through windows, attention is computed for one rank's queries at a time. With fewer than 12, MKL sums their scores
  // in another order.
  bool few_queries(const GridShape& shape) const { return shape_of(golden_).tokens() / shape.sp < 12; }

  Golden golden_ = Golden::load_case(std::string(GetParam().set) + "/" + GetParam().name);
};

TEST_P(SequenceGrids, ChangeNoBit) {
  const auto [rank, size] = mpi_world().shard();
  for (const GridShape& shape : sequence_grids(size)) {
    const DenoiseState whole = run(mpi_world().split(rank / (2 * shape.tp)), {2, shape.tp});
    for (const Exchange exchange : {Exchange::OfDevice, Exchange::Windows}) {
      SCOPED_TRACE(shape.text() + (exchange == Exchange::Windows ? ", through windows" : ""));
      const DenoiseState shared = run(mpi_world(), shape, exchange);
      EXPECT_EQ(shared.cache.computed, whole.cache.computed);
      for (const auto& [stream, latents] : whole.latents) {
        const double difference = max_abs(shared.latents.at(stream).cpu(), latents.cpu());
        EXPECT_LE(difference, exchange == Exchange::Windows && few_queries(shape) ? 1e-4 : 0) << schema_of(stream).name;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(AllModes, SequenceGrids,
                         testing::Values(Case{"tiny", "t2v", ScheduleKind::DoubleShift, 2},
                                         Case{"tiny", "odd_grid_karras_nocfg", ScheduleKind::Karras, 2},
                                         Case{"tiny", "single_frame", ScheduleKind::DoubleShift, 2},
                                         Case{"tiny", "i2av", ScheduleKind::DoubleShift, 2},
                                         Case{"gqa_native", "i2av", ScheduleKind::Native, 2},
                                         Case{"modes", "v2v_last", ScheduleKind::Native, 2},
                                         Case{"modes", "cache", ScheduleKind::Native, 100},
                                         Case{"distilled", "t2v", ScheduleKind::Native, 100},
                                         Case{"tiny", "i2av", ScheduleKind::DoubleShift, 2, RowFormat::Float8},
                                         Case{"gqa_native", "i2av", ScheduleKind::Native, 2, RowFormat::Float8}),
                         [](const auto& row) { return row.param.text(); });

}  // namespace
}  // namespace orrery
