#include "pipeline/denoise.h"

#include <gtest/gtest.h>

#include "base/core/file_content.h"
#include "golden_job.h"
#include "support/golden.h"
#include "support/mpi_world.h"

namespace orrery {
namespace {

constexpr double kLatentTolerance = 1e-3;  // relative to the largest value

struct Case {
  std::string set;
  std::string name;
  int largest_tp;
  ScheduleKind schedule;
};

double relative(const at::Tensor& found, const at::Tensor& expected) {
  return max_abs(found.cpu(), expected) / expected.abs().max().item<double>();
}

// True when `tensor` has the same bytes on every rank.
bool same_everywhere(const at::Tensor& tensor) {
  const at::Tensor host = tensor.cpu().contiguous();
  const std::string own = checksum(host.const_data_ptr(), host.nbytes());
  const std::string root = mpi_world().broadcast(own);
  return mpi_world().max(own == root ? 0 : 1) == 0;
}

// The distance from the reference's latents after one step. What the reference has at a given frame before it is
// written back is nobody's result, so that frame is left out.
double distance(const MediaLatents& latents, const Golden& golden, std::int64_t step) {
  const std::vector<std::int64_t> given = shape_of(golden).streams.at(Stream::Video).given;
  const auto made = [&given](const at::Tensor& video) {
    at::Tensor is_made = at::ones({video.size(1)}, at::kBool);
    for (const std::int64_t frame : given) is_made[frame] = false;
    return video.cpu().index_select(1, is_made.nonzero().squeeze(1));
  };
  const double video = relative(made(latents.at(Stream::Video)), made(golden["step_video"][step].squeeze(0)));
  const auto sound = latents.find(Stream::Sound);
  if (sound == latents.end()) return video;
  return std::max(video, relative(sound->second, golden["step_sound"][step].squeeze(0).transpose(0, 1)));
}

class Denoise : public testing::TestWithParam<Case> {};

TEST_P(Denoise, FollowsTheReferenceStepByStepOnEveryRank) {
  const Golden golden = Golden::load_case(GetParam().set + "/" + GetParam().name);
  const std::vector<GridShape> shapes = grids(mpi_world().shard().size, GetParam().largest_tp);
  for (const GridShape shape : shapes) {
    SCOPED_TRACE(name_of(shape));
    const GoldenJob job(mpi_world(), GetParam().set, shape);
    double worst = 0;
    const auto check = [&](const DenoiseState& state) {
      const MediaLatents& x = state.latents;
      worst = std::max(worst, distance(x, golden, state.steps_done() - 1));
      for (const auto& [stream, own] : x) EXPECT_TRUE(same_everywhere(own)) << "step " << state.steps_done();
      return true;
    };
    const MediaLatents latents = job.run(golden, GetParam().schedule, check).latents;
    EXPECT_LE(worst, kLatentTolerance);
    EXPECT_EQ(latents.contains(Stream::Sound), golden.has("final_sound_latent"));
    for (const auto& [stream, own] : latents) {
      const at::Tensor expected = golden[std::string("final_") + schema_of(stream).name + "_latent"].squeeze(0);
      EXPECT_LE(relative(own, expected), kLatentTolerance);
    }
    RecordProperty(name_of(shape), std::to_string(worst));
    const MediaLatents again = job.run(golden, GetParam().schedule, [](const DenoiseState&) { return true; }).latents;
    for (const auto& [stream, own] : latents) EXPECT_TRUE(at::equal(own, again.at(stream))) << "a second run differs";
  }
  const bool too_many_ranks = mpi_world().shard().size > 2 * GetParam().largest_tp;
  EXPECT_EQ(shapes.empty(), too_many_ranks);
}

INSTANTIATE_TEST_SUITE_P(
    AllModes, Denoise,
    testing::Values(
        Case{"tiny", "t2v", 8, ScheduleKind::DoubleShift},
        Case{"tiny", "odd_grid_karras_nocfg", 8, ScheduleKind::Karras},
        Case{"tiny", "single_frame", 8, ScheduleKind::DoubleShift}, Case{"tiny", "i2v", 8, ScheduleKind::DoubleShift},
        Case{"tiny", "t2av", 8, ScheduleKind::DoubleShift}, Case{"tiny", "i2av", 8, ScheduleKind::DoubleShift},
        Case{"gqa_native", "t2v", 2, ScheduleKind::Native}, Case{"gqa_native", "i2av", 2, ScheduleKind::Native},
        Case{"modes", "guidance_below_one", 2, ScheduleKind::Native},
        Case{"modes", "v2v_last", 2, ScheduleKind::Native}, Case{"modes", "v2v_first", 2, ScheduleKind::Native},
        Case{"modes", "v2v_short_gap", 2, ScheduleKind::Native}, Case{"modes", "v2v_sound", 2, ScheduleKind::Native},
        Case{"modes", "t2i", 2, ScheduleKind::Native}, Case{"modes", "guidance_interval", 2, ScheduleKind::Native},
        Case{"modes", "normalize_cfg", 2, ScheduleKind::Native}, Case{"modes", "cache", 2, ScheduleKind::Native},
        Case{"modes", "cache_order0", 2, ScheduleKind::Native}, Case{"distilled", "t2i", 2, ScheduleKind::Native},
        Case{"distilled", "t2v", 2, ScheduleKind::Native}, Case{"distilled", "i2v", 2, ScheduleKind::Native},
        Case{"distilled", "v2v", 2, ScheduleKind::Native}),
    [](const auto& row) { return row.param.set + "_" + row.param.name; });

INSTANTIATE_TEST_SUITE_P(Edge, Denoise, testing::Values(Case{"edge", "t2v", 2, ScheduleKind::Native}),
                         [](const auto& row) { return row.param.set + "_" + row.param.name; });

TEST(StepCacheGolden, LeavesOutTheReferencesStepsOnEveryRank) {
  for (const char* name : {"modes/cache", "modes/cache_order0"}) {
    const Golden golden = Golden::load_case(name);
    const std::int64_t branches = golden.request().at("guidance") == 1.0 ? 1 : 2;
    std::vector<std::int64_t> expected;
    for (std::int64_t step = 0; step < golden["timesteps"].numel(); ++step) {
      if (golden["cache_computed"][step * branches].item<std::int64_t>() == 1) expected.push_back(step);
    }
    for (const GridShape shape : grids(mpi_world().shard().size, 2)) {
      const GoldenJob job(mpi_world(), "modes", shape);
      const auto end = job.run(golden, ScheduleKind::Native, [](const DenoiseState&) { return true; });
      EXPECT_EQ(end.cache.computed, expected) << name << " " << name_of(shape);
    }
  }
}

// With sound and a given frame, and an unconditional branch that is taken in some steps only.
TEST(StepCacheGrids, DecideAlikeWhateverTheRanks) {
  const Golden golden = Golden::load_case("tiny/i2av");
  Request request = request_of(golden);
  request.step_cache = {0.5, 2};
  request.guidance_interval = {700, 990};
  const Schedule schedule = make_schedule(ScheduleKind::Native, 12, 10);
  const auto run = [&](const GoldenJob& job) {
    return job.run(golden, request, schedule, job.start_of(golden), conditions_of(golden),
                   [](const DenoiseState&) { return true; });
  };
  const Comm self = mpi_world().split(mpi_world().shard().rank);
  const DenoiseState alone = run(GoldenJob(self, "tiny", {}));
  EXPECT_GT(alone.cache.computed.size(), 2U);
  EXPECT_LT(alone.cache.computed.size(), 12U);
  for (const GridShape shape : grids(mpi_world().shard().size, 8)) {
    SCOPED_TRACE(name_of(shape));
    const DenoiseState state = run(GoldenJob(mpi_world(), "tiny", shape));
    EXPECT_EQ(state.cache.computed, alone.cache.computed);
    for (const auto& [stream, latents] : state.latents) {
      EXPECT_LE(relative(latents, alone.latents.at(stream).cpu()), kLatentTolerance);
      EXPECT_TRUE(same_everywhere(latents));
    }
    for (const BranchCache& branch : state.cache.branches) {
      EXPECT_TRUE(same_everywhere(branch.indicator));
      for (const LayersShare& share : branch.shares) EXPECT_TRUE(same_everywhere(share.streams.at(Stream::Sound)));
    }
  }
}

// What a few-step sampler adds is numpy's noise for the seed after the clip's, and for those behind it.
TEST(Noise, OfFewStepsIsTheReferences) {
  for (const char* name : {"distilled/t2v", "distilled/v2v"}) {
    const Golden golden = Golden::load_case(name);
    const std::uint32_t seed = golden.request().at("seed");
    for (std::int64_t step = 0; step < golden["renoise"].size(0); ++step) {
      const auto of_step = noise_for(seed + 1 + static_cast<std::uint32_t>(step), shape_of(golden), at::kCPU);
      EXPECT_TRUE(at::equal(of_step.at(Stream::Video), golden["renoise"][step].squeeze(0))) << name << " " << step;
    }
  }
}

TEST(Noise, IsTheReferences) {
  for (const char* name : {"tiny/t2v", "tiny/t2av", "gqa_native/i2av"}) {
    const Golden golden = Golden::load_case(name);
    const MediaLatents noise = noise_for(golden.request().at("seed"), shape_of(golden), at::kCPU);
    EXPECT_TRUE(at::equal(noise.at(Stream::Video), golden["noise_video"].squeeze(0))) << name;
    ASSERT_EQ(noise.contains(Stream::Sound), golden.has("noise_sound")) << name;
    EXPECT_TRUE(noise.size() == 1 || at::equal(noise.at(Stream::Sound), golden["noise_sound"])) << name;
  }
}

}  // namespace
}  // namespace orrery
