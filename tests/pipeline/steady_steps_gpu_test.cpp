#include <ATen/ATen.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#include <gtest/gtest.h>

#include "base/parallel/process_grid.h"
#include "base/parallel/rank_groups.h"
#include "io/checkpoint/safetensors_files.h"
#include "models/cosmos3/transformer.h"
#include "pipeline/clip_times.h"
#include "pipeline/denoise.h"
#include "support/golden.h"
#include "support/mpi_world.h"
#include "support/test_device.h"

// Denoise steps in bfloat16 run ahead of the GPU: they wait for nothing, and find their memory in what the allocator
// has.
namespace orrery {
namespace {

// While it lives, whatever waits for the GPU through LibTorch throws.
class NoWaiting {
 public:
  NoWaiting() { c10::cuda::warning_state().set_sync_debug_mode(c10::cuda::SyncDebugMode::L_ERROR); }
  NoWaiting(const NoWaiting&) = delete;
  NoWaiting& operator=(const NoWaiting&) = delete;
  ~NoWaiting() { c10::cuda::warning_state().set_sync_debug_mode(c10::cuda::SyncDebugMode::L_DISABLED); }
};

std::int64_t device_allocations() {
  return c10::cuda::CUDACachingAllocator::getDeviceStats(test_device().index()).num_device_alloc;
}

struct Clip {
  const char* name;
  std::int64_t sound_steps;
  std::vector<std::int64_t> given;
  AttentionKernel kernel = AttentionKernel::Cudnn;
  StepCacheSettings cache{};
  RowFormat attention_format = RowFormat::Plain;
};

class SteadySteps : public testing::TestWithParam<Clip> {
 protected:
  SteadySteps()
      : grid_(mpi_world(), {1, 1}),
        groups_(grid_, test_device()),
        folder_(golden_checkpoint("tiny") / "transformer"),
        model_(Weights(std::make_shared<ShardedCheckpoint>(folder_), grid_.tp().shard(), test_device(), at::kBFloat16),
               read_cosmos3_config(folder_ / "config.json"), groups_, RowFormat::Plain, attention()) {}

  static Attention attention() {
    const bool fa3 = GetParam().kernel == AttentionKernel::Fa3;
    return (fa3 ? Attention(find_flash_attention()) : Attention()).in(GetParam().attention_format);
  }

  ProcessGrid grid_;
  RankGroups groups_;
  std::filesystem::path folder_;
  Transformer model_;
};

TEST_P(SteadySteps, NeitherWaitNorAllocate) {
  const auto [name, sound_steps, frames, kernel, cache, attention_format] = GetParam();
  // Tensors of several megabytes: the allocator shares those out in another way than small ones.
  MediaShape shape{{{Stream::Video, {{8, 6, 63, 96}, frames}}}};
  if (sound_steps > 0) shape.streams[Stream::Sound] = {{model_.config().sound_dim, sound_steps}};
  const Streams<Condition> conditions{{Stream::Video, {frames, at::randn({8, std::ssize(frames), 63, 96})}}};
  const GuidedModel guided(model_.media_tower(), *groups_.cfg, std::cref(model_.text_tower()),
                           {{17, 4, 256, 9}, {5, 81, 7}}, shape, Guidance{6});
  DenoiseState start;
  start.latents = noise_for(1, shape, test_device());
  StepTimes times(test_device());
  times.mark();
  std::optional<NoWaiting> no_waiting;
  std::vector<std::int64_t> allocations;
  const DenoiseState end = denoise(guided, {cache, {}}, make_schedule(ScheduleKind::Native, 8, 10), std::move(start),
                                   conditions, [&](const DenoiseState&) {
                                     times.mark();
                                     times.look();
                                     if (!no_waiting) no_waiting.emplace();
                                     allocations.push_back(device_allocations());
                                     return true;
                                   });
  no_waiting.reset();
  ASSERT_EQ(allocations.size(), 8U);
  // The sampler remembers two steps: from the third on there is no more to hold. A cache that skips every other step
  // remembers two that were computed, and has skipped two by the fifth. It waits only for its own numbers, by an event.
  const std::size_t steady = cache.on() ? 4 : 2;
  for (std::size_t i = steady + 1; i < allocations.size(); ++i) {
    EXPECT_EQ(allocations[i], allocations[steady]) << "step " << i + 1;
  }
  EXPECT_EQ(std::ssize(end.cache.computed), cache.on() ? 5 : 0);
  EXPECT_TRUE(at::isfinite(end.latents.at(Stream::Video)).all().item<bool>());
  times.wait();
  EXPECT_EQ(times.passed(), 8);
  for (const double seconds : times.seconds()) EXPECT_GT(seconds, 0);
}

// A test that nothing can fail would be no proof.
TEST_P(SteadySteps, WaitingWouldBeSeen) {
  const at::Tensor number = at::ones({1}, at::TensorOptions(test_device()));
  const NoWaiting no_waiting;
  EXPECT_ANY_THROW(number.item<float>());
  EXPECT_ANY_THROW(at::ones({4}).to(test_device()));
}

INSTANTIATE_TEST_SUITE_P(Clips, SteadySteps,
                         testing::Values(Clip{"video", 0, {}}, Clip{"given_frames", 0, {0, 3}}, Clip{"sound", 29, {}},
                                         Clip{"given_frame_and_sound", 29, {0}},
                                         Clip{"cached_sound", 29, {0}, AttentionKernel::Cudnn, {1e9, 1, 1}},
                                         Clip{"video_fa3", 0, {}, AttentionKernel::Fa3},
                                         Clip{"sound_fa3", 29, {}, AttentionKernel::Fa3},
                                         Clip{"sound_fp8", 29, {}, AttentionKernel::Fa3, {}, RowFormat::Float8}),
                         [](const auto& clip) { return std::string(clip.param.name); });

}  // namespace
}  // namespace orrery
