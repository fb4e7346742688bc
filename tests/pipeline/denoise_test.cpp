#include "pipeline/denoise.h"

#include <gtest/gtest.h>

#include "checkpoint/sharded_checkpoint.h"
#include "core/checksum.h"
#include "cosmos3/transformer.h"
#include "parallel/process_grid.h"
#include "support/golden.h"
#include "support/mpi_world.h"
#include "support/test_device.h"

namespace orrery {
namespace {

constexpr double kLatentTolerance = 1e-3;  // relative to the largest value

std::vector<std::int64_t> ids_of(const at::Tensor& ids) {
  return {ids.const_data_ptr<std::int64_t>(), ids.const_data_ptr<std::int64_t>() + ids.numel()};
}

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

// Where a case starts from an image, its latent is the first frame.
Condition condition_of(const Golden& golden) {
  if (!golden.has("image_latent")) return {};
  return {{0}, golden["image_latent"].squeeze(0)};
}

MediaShape shape_of(const Golden& golden) {
  MediaShape shape;
  shape.video = golden["noise_video"].squeeze(0).sizes().vec();
  shape.sound_steps = golden.has("noise_sound") ? golden["noise_sound"].size(1) : 0;
  shape.fps = golden.request().at("fps");
  shape.condition_frames = condition_of(golden).frames;
  return shape;
}

// The distance from the reference's latents after one step. What stands at a given frame before it is written back is
// nobody's result, so that frame is left out.
double distance(const MediaLatents& latents, const Golden& golden, std::int64_t step) {
  const auto given = static_cast<std::int64_t>(condition_of(golden).frames.size());
  const auto made = [given](const at::Tensor& video) { return video.narrow(1, given, video.size(1) - given); };
  const double video = relative(made(latents.video), made(golden["step_video"][step].squeeze(0)));
  if (!latents.has_sound()) return video;
  return std::max(video, relative(latents.sound, golden["step_sound"][step].squeeze(0).transpose(0, 1)));
}

// All ranks of the world as one grid, with the golden model on it.
class Job {
 public:
  Job(const std::string& set, GridShape shape)
      : grid_(mpi_world(), shape),
        tp_(make_collectives(grid_.tp(), test_device())),
        cfg_(make_collectives(grid_.cfg(), test_device())),
        folder_(golden_checkpoint(set) / "transformer"),
        model_(Weights(std::make_shared<ShardedCheckpoint>(folder_), grid_.tp_shard(), test_device(), at::kFloat),
               read_cosmos3_config(folder_ / "config.json"), *tp_) {}

  MediaLatents run(const Golden& golden, ScheduleKind kind, const StepObserver& observer) {
    const Json& request = golden.request();
    const MediaShape shape = shape_of(golden);
    const GuidedModel guided(model_.media_tower(), *cfg_, std::cref(model_.text_tower()),
                             {ids_of(golden["text_ids"]), ids_of(golden["neg_text_ids"])}, shape,
                             request.at("guidance"));
    const Schedule schedule = make_schedule(kind, request.at("steps"), 10.0);
    MediaLatents noise = noise_for(request.at("seed"), shape, model_.config().sound_dim, test_device());
    return denoise(guided, schedule, std::move(noise), condition_of(golden), observer);
  }

 private:
  ProcessGrid grid_;
  std::unique_ptr<Collectives> tp_;
  std::unique_ptr<Collectives> cfg_;
  std::filesystem::path folder_;
  Transformer model_;
};

// The grids that use every rank of the world.
std::vector<GridShape> grids(int largest_tp) {
  std::vector<GridShape> shapes;
  const int ranks = mpi_world().shard().size;
  for (const int cfg : {1, 2}) {
    if (ranks % cfg == 0 && ranks / cfg <= largest_tp) shapes.push_back({cfg, ranks / cfg});
  }
  return shapes;
}

class Denoise : public testing::TestWithParam<Case> {};

TEST_P(Denoise, FollowsTheReferenceStepByStepOnEveryRank) {
  const Golden golden = Golden::load_case(GetParam().set + "/" + GetParam().name);
  const std::vector<GridShape> shapes = grids(GetParam().largest_tp);
  for (const GridShape shape : shapes) {
    SCOPED_TRACE("cfg " + std::to_string(shape.cfg) + " tp " + std::to_string(shape.tp));
    Job job(GetParam().set, shape);
    double worst = 0;
    const MediaLatents latents = job.run(golden, GetParam().schedule, [&](std::int64_t step, const MediaLatents& x) {
      worst = std::max(worst, distance(x, golden, step));
      EXPECT_TRUE(same_everywhere(x.video)) << "step " << step;
      EXPECT_TRUE(!x.has_sound() || same_everywhere(x.sound)) << "step " << step;
    });
    EXPECT_LE(worst, kLatentTolerance);
    EXPECT_LE(relative(latents.video, golden["final_video_latent"].squeeze(0)), kLatentTolerance);
    if (latents.has_sound()) {
      EXPECT_LE(relative(latents.sound, golden["final_sound_latent"].squeeze(0)), kLatentTolerance);
    }
    RecordProperty("cfg" + std::to_string(shape.cfg) + "_tp" + std::to_string(shape.tp), std::to_string(worst));
    const MediaLatents again = job.run(golden, GetParam().schedule, [](std::int64_t, const MediaLatents&) {});
    EXPECT_TRUE(at::equal(latents.video, again.video)) << "a second run differs";
    EXPECT_TRUE(!latents.has_sound() || at::equal(latents.sound, again.sound)) << "a second run differs";
  }
  const bool too_many_ranks = mpi_world().shard().size > 2 * GetParam().largest_tp;
  EXPECT_EQ(shapes.empty(), too_many_ranks);
}

INSTANTIATE_TEST_SUITE_P(AllModes, Denoise,
                         testing::Values(Case{"tiny", "t2v", 8, ScheduleKind::DoubleShift},
                                         Case{"tiny", "odd_grid_karras_nocfg", 8, ScheduleKind::Karras},
                                         Case{"tiny", "single_frame", 8, ScheduleKind::DoubleShift},
                                         Case{"tiny", "i2v", 8, ScheduleKind::DoubleShift},
                                         Case{"tiny", "t2av", 8, ScheduleKind::DoubleShift},
                                         Case{"tiny", "i2av", 8, ScheduleKind::DoubleShift},
                                         Case{"gqa_native", "t2v", 2, ScheduleKind::Native},
                                         Case{"gqa_native", "i2av", 2, ScheduleKind::Native}),
                         [](const auto& row) { return row.param.set + "_" + row.param.name; });

TEST(Noise, IsTheReferences) {
  for (const char* name : {"tiny/t2v", "tiny/t2av", "gqa_native/i2av"}) {
    const Golden golden = Golden::load_case(name);
    const MediaLatents noise = noise_for(golden.request().at("seed"), shape_of(golden), 8, at::kCPU);
    EXPECT_TRUE(at::equal(noise.video, golden["noise_video"].squeeze(0))) << name;
    EXPECT_TRUE(!noise.has_sound() || at::equal(noise.sound, golden["noise_sound"])) << name;
  }
}

}  // namespace
}  // namespace orrery
