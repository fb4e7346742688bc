#include "app/plan/forecast.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/plan/result_lines.h"
#include "base/core/error.h"
#include "models/zoo/media_models.h"

namespace orrery {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr double kOff = 0.10;  // relative

ClipJob clip(std::int64_t width, std::int64_t height, std::int64_t frames, std::size_t text = 512) {
  ClipJob job;
  job.request.width = width;
  job.request.height = height;
  job.request.num_frames = frames;
  job.ids = {TokenIds(text, 1), TokenIds(512, 1)};
  return job;
}

RunShape on(GridShape grid, RowFormat products = RowFormat::Plain) {
  RunShape run;
  run.grid = grid;
  run.model.products = products;
  return run;
}

const CheckpointFiles& nano() {
  static const CheckpointFiles files = open_checkpoint("random:nano");
  return files;
}

TEST(Forecast, CountsClipsOfAKindTogether) {
  std::vector<ClipJob> jobs{clip(1280, 720, 189), clip(832, 480, 93), clip(1280, 720, 189, 900)};
  jobs.push_back(jobs[1]);
  jobs[3].request.guidance_scale = 1;
  const std::vector<ClipKind> kinds = clip_kinds(jobs);
  ASSERT_EQ(kinds.size(), 3U);
  EXPECT_EQ(kinds[0].clips, 2);
  EXPECT_EQ(kinds[0].ids.cond.size(), 900U) << "the longest text counts";
  EXPECT_EQ(kinds[0].ids.uncond.size(), 512U);
  EXPECT_EQ(kinds[2].clips, 1);
}

TEST(Forecast, GoesThroughTheRanksThatCanShareTheModel) {
  PlanOptions options;
  options.gpus = 8;
  std::vector<ClipJob> jobs{clip(832, 480, 93)};
  const Forecast all = make_forecast({}, options, nano(), jobs);
  std::vector<std::array<int, 3>> grids;
  for (const TopologyForecast& each : all.topologies) grids.push_back({each.grid.cfg, each.grid.sp, each.grid.tp});
  const std::vector<std::array<int, 3>> expected{{1, 1, 1}, {1, 1, 2}, {1, 1, 4}, {1, 1, 8}, {1, 2, 1}, {1, 2, 2},
                                                 {1, 2, 4}, {1, 4, 1}, {1, 4, 2}, {1, 8, 1}, {2, 1, 1}, {2, 1, 2},
                                                 {2, 1, 4}, {2, 2, 1}, {2, 2, 2}, {2, 4, 1}};
  EXPECT_EQ(grids, expected);
  EXPECT_EQ(all.most_clips()->gpus(), 1);
  EXPECT_EQ(all.shortest()->gpus(), 8);
  EXPECT_LT(all.shortest()->seconds_per_clip(), all.most_clips()->seconds_per_clip());
  jobs.front().request.guidance_scale = 1;
  EXPECT_EQ(make_forecast({}, options, nano(), jobs).topologies.size(), 10U) << "--cfg 2 would repeat the work";
  jobs.push_back(clip(32, 32, 1));
  for (const TopologyForecast& each : make_forecast({}, options, nano(), jobs).topologies) {
    EXPECT_EQ(each.grid.sp, 1) << "a clip has one token";
  }
}

TEST(Forecast, SaysWhatFits) {
  const CheckpointFiles super = open_checkpoint("random:super");
  PlanOptions options;
  options.gpus = 4;
  options.gpu = GpuKind::H100;
  const Forecast forecast = make_forecast({}, options, super, {clip(832, 480, 93)});
  EXPECT_TRUE(forecast.topologies[0].released) << "both towers take 125 GB";
  EXPECT_TRUE(forecast.topologies[0].fits);
  EXPECT_FALSE(forecast.topologies[1].released);
  options.gpu_memory = 30;
  const Forecast small = make_forecast({}, options, super, {clip(832, 480, 93)});
  EXPECT_EQ(small.most_clips()->grid.tp, 4);
  options.gpu_memory = 10;
  EXPECT_EQ(make_forecast({}, options, super, {clip(832, 480, 93)}).shortest(), nullptr);
  EXPECT_THAT(page_of(make_forecast({}, options, super, {clip(832, 480, 93)})),
              HasSubstr("None of these grids fits: use"));
}

TEST(Forecast, HasAPageAndJson) {
  PlanOptions options;
  options.gpus = 2;
  const Forecast forecast = make_forecast({}, options, nano(), {clip(1280, 720, 189), clip(1280, 720, 189)});
  EXPECT_THAT(
      page_of(forecast),
      AllOf(HasSubstr("random:nano on NVIDIA H200, 149 GB each, --gemm bf16, attention by fa3; rates: built in"),
            HasSubstr("1280x720     189     35   44160   512           3.5"),
            HasSubstr("most clips per GPU hour   --cfg 1 --sp 1 --tp 1: "), HasSubstr(" on 2 GPUs, as 2 shards"),
            HasSubstr("shortest time per clip    --cfg 2 --sp 1 --tp 1: ")));
  const Json json = to_json(forecast);
  EXPECT_EQ(json["kinds"][0]["clips"], 2);
  EXPECT_EQ(json["best"]["shortest"]["cfg"], 2);
  const Json& one = json["topologies"][0];
  EXPECT_DOUBLE_EQ(one["gpu_hours"].get<double>(), 2 * one["kinds"][0]["seconds"]["total"].get<double>() / 3600);
  EXPECT_EQ(one["memory"]["peak"], forecast.topologies[0].memory.peak(false));
}

// --- Compared with measurements (tools/results)

// Memory of a step alone: the media tower and its tensors.
TEST(MeasuredMemory, OfSteps) {
  int compared = 0;
  for (const Json& line : result_lines("gpu-step-h200.jsonl")) {
    if (line.at("name") != "step") continue;
    const auto size = line.at("size").get<std::string>();
    const ClipJob job = clip(std::stoll(size), std::stoll(size.substr(size.find('x') + 1)), line.at("frames"));
    const Json& ranks = line.at("topology");
    const RowFormat products = line.at("gemm") == "fp8" ? RowFormat::Float8 : RowFormat::Plain;
    const GridShape grid{ranks.at("cfg"), ranks.at("tp")};
    const ModelSizes sizes{nano().transformer_config, nano().vae_config, {}, {grid, 2}};
    const std::int64_t forecast =
        tower_bytes(nano(), grid.tp, at::kBFloat16, products).media + clip_tensors(sizes, job.request, job.ids).step;
    const double measured = line.at("peak_memory");
    EXPECT_NEAR(static_cast<double>(forecast), measured, kOff * measured) << line;
    ++compared;
  }
  EXPECT_GE(compared, 6);
}

// Memory of decoding alone: the decoder and its tensors.
TEST(MeasuredMemory, OfDecodes) {
  int compared = 0;
  for (const Json& line : result_lines("gpu-decode-h200.jsonl")) {
    if (line.at("what") != "vae" || !line.contains("peak_memory")) continue;
    const auto size = line.at("size").get<std::string>();
    const std::int64_t width = std::stoll(size), height = std::stoll(size.substr(size.find('x') + 1));
    const std::int64_t forecast = media_model_bytes(nano(), at::kBFloat16, {.decoder = true}) +
                                  decode_bytes(nano().vae_config, height / 16, width / 16, 2);
    const double measured = line.at("peak_memory");
    EXPECT_NEAR(static_cast<double>(forecast), measured, kOff * measured) << line;
    ++compared;
  }
  EXPECT_GE(compared, 3);
}

// Whole runs with random weights, whose token ids are bytes: the negative prompt has 2129.
struct MeasuredRun {
  const char* name;
  const char* checkpoint;
  ClipJob job;
  bool sound;
  GridShape grid;
  AttentionWish attention = AttentionWish::Cudnn;
};

class MeasuredRuns : public testing::TestWithParam<MeasuredRun> {
 protected:
  Json measured() const {
    for (const Json& line : result_lines("gpu-runs-h200.jsonl")) {
      if (line.at("what").get<std::string>().starts_with(std::string(GetParam().name) + ":")) {
        return line.at("clips").back();
      }
    }
    return {};
  }
  TopologyForecast forecast() const {
    ClipJob job = GetParam().job;
    job.request.sound = GetParam().sound;
    job.ids.uncond = TokenIds(2129, 1);
    RunShape run = on(GetParam().grid);
    run.model.attention = GetParam().attention;
    return make_forecast(run, {}, open_checkpoint(GetParam().checkpoint), {job}).topologies.front();
  }
};

TEST(MeasuredMemory, OfARun) {
  for (const Json& line : result_lines("gpu-runs-h200.jsonl")) {
    if (!line.at("what").get<std::string>().starts_with("nano-720p-three:")) continue;
    ClipJob job = clip(1280, 720, 189);
    job.ids.uncond = TokenIds(2129, 1);
    const double measured = line.at("clips").back().at("peak_gpu_memory");
    const TopologyForecast forecast = make_forecast({}, {}, nano(), {job}).topologies.front();
    EXPECT_NEAR(static_cast<double>(forecast.memory.peak(forecast.released)), measured, kOff * measured);
    return;
  }
  FAIL() << "no such line";
}

TEST_P(MeasuredRuns, TakeTheTimeThatIsForecast) {
  const double denoise = measured().at("seconds").at("denoise");
  EXPECT_NEAR(forecast().seconds.front().denoise(), denoise, kOff * denoise);
}

INSTANTIATE_TEST_SUITE_P(
    H200, MeasuredRuns,
    testing::Values(MeasuredRun{"nano-480p-one", "random:nano", clip(832, 480, 93), true, {1, 1}},
                    MeasuredRun{"nano-480p-cfg2", "random:nano", clip(832, 480, 93), true, {2, 1}},
                    MeasuredRun{"nano-480p-tp2", "random:nano", clip(832, 480, 93), true, {1, 2}},
                    MeasuredRun{"nano-720p-one", "random:nano", clip(1280, 720, 189), true, {}},
                    MeasuredRun{"nano-720p-cfg2", "random:nano", clip(1280, 720, 189), true, {2, 1}},
                    MeasuredRun{"nano-720p-tp2", "random:nano", clip(1280, 720, 189), true, {1, 2}},
                    MeasuredRun{"super-480p-release", "random:super", clip(832, 480, 93), false, {}}),
    [](const auto& run) {
      std::string name = run.param.name;
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

}  // namespace
}  // namespace orrery
