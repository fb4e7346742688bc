// Clips that stop and go on from their snapshots, through the files.
#include "pipeline/snapshot.h"

#include <gtest/gtest.h>

#include "golden_job.h"
#include "pipeline/arrays.h"
#include "pipeline/condition.h"
#include "pipeline/root_work.h"
#include "support/mpi_world.h"
#include "support/temporary_folder.h"
#include "support/test_device.h"

namespace orrery {
namespace {

constexpr double kSameAcrossGrids = 1e-3;  // relative to the largest value

struct Case {
  std::string set;
  std::string name;
  int largest_tp;
  ScheduleKind schedule;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.set << "/" << c.name; }

bool same(const at::Tensor& a, const at::Tensor& b) {
  return a.defined() == b.defined() && (!a.defined() || at::equal(a, b));
}

bool same(const UniPcState& a, const UniPcState& b) {
  return a.step == b.step && same(a.last_sample, b.last_sample) && same(a.model_output_0, b.model_output_0) &&
         same(a.model_output_1, b.model_output_1);
}

template <class T>
bool same(const Streams<T>& a, const Streams<T>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& x, const auto& y) { return x.first == y.first && same(x.second, y.second); });
}

bool same(StepCacheState a, StepCacheState b) {
  const std::vector<CacheTensor> left = tensors_of(a), right = tensors_of(b);
  const auto same_tensor = [](const CacheTensor& x, const CacheTensor& y) { return same(*x.tensor, *y.tensor); };
  return cache_counts(a) == cache_counts(b) &&
         std::equal(left.begin(), left.end(), right.begin(), right.end(), same_tensor);
}

bool same(const DenoiseState& a, const DenoiseState& b) {
  return same(a.latents, b.latents) && same(a.samplers, b.samplers) && same(a.cache, b.cache);
}

double distance(const at::Tensor& found, const at::Tensor& expected) {
  return max_abs(found.cpu(), expected.cpu()) / expected.abs().max().item<double>();
}

class Snapshot : public testing::TestWithParam<Case> {
 protected:
  // Writes a state on rank 0 and reads it back on every rank.
  ResumedClip through_a_file(const DenoiseState& state) const {
    const std::filesystem::path path = folder_ / "clip.h5";
    if (mpi_world().is_root()) {
      LatentFile clip;
      Schedule schedule = schedule_of(golden_, GetParam().schedule);
      clip.sigmas = std::move(schedule.sigmas);
      clip.timesteps = std::move(schedule.timesteps);
      for (const auto& [stream, given] : conditions_of(golden_)) {
        clip.condition[stream] = to_array(given.latents.unsqueeze(0));
      }
      write_latents(path, snapshot_file(std::move(clip), state));
    }
    return share_snapshot(mpi_world(), path, request_of(golden_), shape_of(golden_), test_device());
  }
  // One step, or all that are left, from a snapshot.
  DenoiseState go_on(const GoldenJob& job, const ResumedClip& from, bool one_step) const {
    return job.run(golden_, GetParam().schedule, from.state, from.conditions,
                   [one_step](const DenoiseState&) { return !one_step; });
  }

  TemporaryFolder folder_;
  Golden golden_ = Golden::load_case(GetParam().set + "/" + GetParam().name);
  std::vector<GridShape> shapes_ = grids(mpi_world().shard().size, GetParam().largest_tp);
};

// The run that stops after every single step has the states of the one that never stops.
TEST_P(Snapshot, StoppedAfterEachStepEndsTheSameBitForBit) {
  for (const GridShape shape : shapes_) {
    SCOPED_TRACE(name_of(shape));
    const GoldenJob job(mpi_world(), GetParam().set, shape);
    std::vector<DenoiseState> states;
    job.run(golden_, GetParam().schedule, [&](const DenoiseState& state) {
      states.push_back(state);
      return true;
    });
    ASSERT_EQ(std::ssize(states), schedule_of(golden_, GetParam().schedule).steps());
    DenoiseState state = job.run(golden_, GetParam().schedule, [](const DenoiseState&) { return false; });
    for (std::size_t step = 0; step + 1 < states.size(); ++step) {
      EXPECT_TRUE(same(state, states[step])) << "step " << step;
      state = go_on(job, through_a_file(state), /*one_step=*/true);
    }
    EXPECT_TRUE(same(state, states.back()));
  }
}

// From each grid of all ranks, and from one rank alone, to each other grid.
TEST_P(Snapshot, GoesOnOverAnyOtherGrid) {
  const Comm self = mpi_world().split(mpi_world().shard().rank);
  const GoldenJob alone(self, GetParam().set, {});
  const std::int64_t half = schedule_of(golden_, GetParam().schedule).steps() / 2;
  std::vector<DenoiseState> halves;
  const auto begin = [&](const GoldenJob& job) {
    halves.push_back(
        job.run(golden_, GetParam().schedule, [half](const DenoiseState& state) { return state.steps_done() < half; }));
  };
  begin(alone);
  for (const GridShape shape : shapes_) begin(GoldenJob(mpi_world(), GetParam().set, shape));
  const MediaLatents expected =
      alone.run(golden_, GetParam().schedule, [](const DenoiseState&) { return true; }).latents;
  for (const GridShape shape : shapes_) {
    const GoldenJob job(mpi_world(), GetParam().set, shape);
    for (const DenoiseState& state : halves) {
      const MediaLatents found = go_on(job, through_a_file(state), /*one_step=*/false).latents;
      for (const auto& [stream, latents] : expected) {
        EXPECT_LE(distance(found.at(stream), latents), kSameAcrossGrids) << name_of(shape);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(AllModes, Snapshot,
                         testing::Values(Case{"tiny", "t2v", 8, ScheduleKind::DoubleShift},
                                         Case{"tiny", "odd_grid_karras_nocfg", 8, ScheduleKind::Karras},
                                         Case{"tiny", "i2v", 8, ScheduleKind::DoubleShift},
                                         Case{"tiny", "t2av", 8, ScheduleKind::Native},
                                         Case{"tiny", "i2av", 8, ScheduleKind::Karras},
                                         Case{"gqa_native", "t2v", 2, ScheduleKind::Native},
                                         Case{"gqa_native", "i2av", 2, ScheduleKind::Native},
                                         Case{"modes", "cache", 2, ScheduleKind::Native},
                                         Case{"modes", "cache_order0", 2, ScheduleKind::Native},
                                         Case{"modes", "guidance_interval", 2, ScheduleKind::Native}),
                         [](const auto& row) { return row.param.set + "_" + row.param.name; });

INSTANTIATE_TEST_SUITE_P(FewSteps, Snapshot, testing::Values(Case{"distilled", "v2v", 2, ScheduleKind::Native}),
                         [](const auto& row) { return row.param.set + "_" + row.param.name; });

TEST(LostSnapshot, FailsTheRequestOnEveryRank) {
  const Golden golden = Golden::load_case("tiny/t2v");
  EXPECT_THROW(share_snapshot(mpi_world(), "no/such/file.h5", {}, shape_of(golden), at::kCPU), RequestFailed);
}

}  // namespace
}  // namespace orrery
