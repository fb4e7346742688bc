#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "app/plan/machine_profile.h"
#include "base/core/error.h"
#include "base/core/file.h"
#include "base/core/json.h"
#include "result_lines.h"
#include "support/temporary_folder.h"

namespace orrery {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Numbers of tokens: those of the three published sizes, which were measured, one between them, and one beyond them.
constexpr std::array kLengths{2880.0, 9360.0, 20000.0, 44160.0, 100000.0};

const std::string kResults = ORRERY_SOURCE "/tools/results/";

class ProfileFile : public testing::Test {
 protected:
  MeasuredProfile read(const std::string& content) const {
    return read_profile(folder_.write("profile.jsonl", content), builtin_profile(GpuKind::H100));
  }
  std::string refusal(const std::string& content) const {
    try {
      read(content);
    } catch (const InputError& e) {
      return e.what();
    }
    return "";
  }
  TemporaryFolder folder_;
};

void expect_near(const RateCurve& found, const RateCurve& expected) {
  for (const double tokens : kLengths) {
    EXPECT_NEAR(found.at(tokens), expected.at(tokens), 0.01 * expected.at(tokens)) << tokens;
  }
}

// The built-in speeds equal those in the result files that they cite.
TEST_F(ProfileFile, OfTheResultsIsWhatIsBuiltIn) {
  const MachineProfile expected = builtin_profile(GpuKind::H200, AttentionKernel::Cudnn);
  const MeasuredProfile steps = read(read_file(kResults + "gpu-step-h200.jsonl"));
  EXPECT_EQ(steps.machine.device, "NVIDIA H200");
  EXPECT_EQ(steps.machine.attention, AttentionKernel::Cudnn) << "of lines that do not say";
  expect_near(steps.machine.plain.attention, expected.plain.attention);
  expect_near(steps.machine.plain.products, expected.plain.products);
  expect_near(steps.machine.plain.memory, expected.plain.memory);
  expect_near(steps.machine.float8.attention, expected.float8.attention);
  expect_near(steps.machine.float8.products, expected.float8.products);
  expect_near(steps.machine.float8.memory, expected.float8.memory);
  EXPECT_THAT(steps.borrowed, ElementsAre("all-reduces", "decoding", "sound"));
  EXPECT_EQ(steps.machine.link, builtin_profile(GpuKind::H100).link);

  const std::string decodes = read_file(kResults + "gpu-decode-h200.jsonl");
  const MeasuredProfile both = read(read_file(kResults + "gpu-step-h200.jsonl") + decodes);
  EXPECT_NEAR(both.machine.decoded_pixels, expected.decoded_pixels, 0.01 * expected.decoded_pixels);

  const MeasuredProfile rest = read(read_file(kResults + "gpu-bench-h200.jsonl"));
  EXPECT_NEAR(rest.machine.link, expected.link, 0.01 * expected.link);
  EXPECT_NEAR(rest.machine.waited_for, expected.waited_for, 0.01);
  EXPECT_NEAR(rest.machine.sound_steps, expected.sound_steps, 0.01 * expected.sound_steps);
  EXPECT_THAT(rest.borrowed, IsEmpty());
  EXPECT_TRUE(rest.machine.float8.attention.empty());
}

// In a step, exchanges between the ranks of an sp group include waiting for one another.
TEST_F(ProfileFile, ExchangesIncludeWhatTheRanksWait) {
  std::string lines, alone;
  for (const Json& line : result_lines("gpu-two-h200.jsonl")) {
    if (!line.contains("median_ms")) continue;  // not written by orrery bench
    lines += line.dump() + "\n";
    if (line.at("name") != "phase: heads all-to-all") alone += line.dump() + "\n";
  }
  const double expected = builtin_profile(GpuKind::H200).exchange, found = read(lines).machine.exchange;
  EXPECT_NEAR(found, expected, 0.1 * expected);
  EXPECT_GT(read(alone).machine.exchange, 1.3 * found);
}

TEST_F(ProfileFile, TakesTheKernelThatIsAskedFor) {
  const std::string lines = read_file(kResults + "gpu-fa3-h200.jsonl");
  const auto read_as = [&](AttentionKernel kernel) {
    return read_profile(folder_.write("profile.jsonl", lines), builtin_profile(GpuKind::H100, kernel)).machine;
  };
  const MachineProfile fa3 = read_as(AttentionKernel::Fa3), cudnn = read_as(AttentionKernel::Cudnn);
  EXPECT_EQ(fa3.attention, AttentionKernel::Fa3);
  EXPECT_EQ(cudnn.attention, AttentionKernel::Cudnn);
  const MachineProfile expected = builtin_profile(GpuKind::H200);
  expect_near(fa3.plain.attention, expected.plain.attention);
  expect_near(fa3.plain.products, expected.plain.products);
  expect_near(fa3.plain.memory, expected.plain.memory);
  for (const double tokens : kLengths) EXPECT_GT(fa3.plain.attention.at(tokens), cudnn.plain.attention.at(tokens));
}

// Adds lines of 8-bit attention, made from those of bfloat16 attention at twice the rate.
TEST_F(ProfileFile, KeepsAttentionInEightBitsApart) {
  std::string lines = read_file(kResults + "gpu-fa3-h200.jsonl"), float8;
  for (std::size_t begin = 0, end = 0; (end = lines.find('\n', begin)) != std::string::npos; begin = end + 1) {
    Json line = Json::parse(lines.substr(begin, end - begin));
    if (line.at("name") != "phase: attention" || line.value("attention", "") != "fa3") continue;
    line["attention_format"] = "fp8";
    line["median_ms"] = line.at("median_ms").get<double>() / 2;
    line["tflops"] = line.at("tflops").get<double>() * 2;
    float8 += line.dump() + "\n";
  }
  const MachineProfile plain = read(lines).machine, both = read(lines + float8).machine;
  EXPECT_TRUE(plain.rates(RowFormat::Plain, RowFormat::Float8).attention.empty());
  expect_near(both.plain.attention, plain.plain.attention);
  expect_near(both.rates(RowFormat::Plain, RowFormat::Float8).attention, plain.plain.attention.times(2));
  expect_near(both.rates(RowFormat::Plain, RowFormat::Plain).products, plain.plain.products);
}

TEST_F(ProfileFile, SaysWhatIsWrongWithOthers) {
  EXPECT_THAT(refusal("what  shape  calls\n"), HasSubstr("profile.jsonl:1: not a line of orrery bench --json"));
  EXPECT_THAT(refusal("{\"id\": \"a\"}\n"), HasSubstr("profile.jsonl:1: not a line"));
  EXPECT_THAT(refusal(""), HasSubstr("has no step with --gemm bf16"));
  std::string line = read_file(kResults + "gpu-step-h200.jsonl");
  line.resize(line.find('\n') + 1);
  std::string other = line;
  other.replace(other.find("NVIDIA H200"), 11, "NVIDIA H100");
  EXPECT_THAT(refusal(line + other), HasSubstr("profile.jsonl:2: measured on NVIDIA H100, the lines before on "));
}

}  // namespace
}  // namespace orrery
