// Compares forecasts of step times with measurements (tools/results).
#include <gtest/gtest.h>

#include <array>

#include "app/plan/forecast.h"
#include "published.h"
#include "result_lines.h"

namespace orrery {
namespace {

constexpr double kOff = 0.10;  // relative

RowFormat products_of(const Json& line) {
  return line.value("gemm", "bf16") == "fp8" ? RowFormat::Float8 : RowFormat::Plain;
}

// cuDNN for lines that are older than the option.
AttentionKernel attention_of(const Json& line) {
  return line.value("attention", "cudnn") == "fa3" ? AttentionKernel::Fa3 : AttentionKernel::Cudnn;
}

// The work of the clip and ranks in a benchmark's line; the texts have 512 tokens.
ClipWork work_of(const Json& line) {
  Request request;
  const auto size = line.at("size").get<std::string>();
  request.width = std::stoll(size);
  request.height = std::stoll(size.substr(size.find('x') + 1));
  request.num_frames = line.at("frames");
  request.steps = 1;
  const Json& ranks = line.at("topology");
  const PromptIds texts{TokenIds(512, 1), TokenIds(512, 1)};
  ModelSizes sizes = nano_sizes({ranks.at("cfg"), ranks.at("tp"), ranks.value("sp", 1)});
  sizes.layout.products = products_of(line);
  return clip_work(sizes, request, texts, true);
}

class MeasuredSteps : public testing::TestWithParam<const char*> {
 protected:
  std::vector<Json> lines(const std::string& what, const std::string& name) const {
    std::vector<Json> found;
    for (Json& line : result_lines(GetParam())) {
      if (line.value("what", "") != what || line.value("name", "") != name) continue;
      if (line.value("model", "random:nano") == "random:nano") found.push_back(std::move(line));
    }
    return found;
  }
};

TEST_P(MeasuredSteps, ComputeWhatIsReckoned) {
  const auto steps = lines("step", "step");
  ASSERT_GE(steps.size(), 6U);
  for (const Json& line : steps) {
    const StepWork step = work_of(line).step;
    const double measured = line.at("tflops").get<double>() * line.at("median_ms").get<double>() * 1e9;
    EXPECT_NEAR(step.attention_flops + step.product_flops, measured, 1e-3 * measured) << line;
  }
}

TEST_P(MeasuredSteps, TakeTheTimeThatIsForecast) {
  for (const Json& line : lines("step", "step")) {
    const MachineProfile machine = builtin_profile(GpuKind::H200, attention_of(line));
    const double measured = line.at("median_ms").get<double>() / 1e3;
    const double forecast =
        clip_seconds(work_of(line), machine, machine.rates(products_of(line), RowFormat::Plain)).denoise();
    EXPECT_NEAR(forecast, measured, kOff * measured) << line;
  }
}

constexpr std::array kFiles{"gpu-fa3-h200.jsonl", "gpu-step-h200.jsonl", "gpu-bench-h200.jsonl", "gpu-two-h200.jsonl"};
constexpr std::array kFileNames{"BothKernels", "Steps", "EarlierSteps", "TwoGpus"};

INSTANTIATE_TEST_SUITE_P(H200, MeasuredSteps, testing::ValuesIn(kFiles),
                         [](const auto& file) { return kFileNames[file.index]; });

TEST(MeasuredDecodes, TakeTheTimeThatIsForecast) {
  const MachineProfile machine = builtin_profile(GpuKind::H200);
  int compared = 0;
  for (const Json& line : result_lines("gpu-decode-h200.jsonl")) {
    if (line.at("what") != "vae" || !line.at("name").get<std::string>().starts_with("clip")) continue;
    const double measured = line.at("median_ms").get<double>() / 1e3;
    EXPECT_NEAR(clip_seconds(work_of(line), machine, machine.plain).decode, measured, kOff * measured) << line;
    ++compared;
  }
  EXPECT_EQ(compared, 3);
}

}  // namespace
}  // namespace orrery
