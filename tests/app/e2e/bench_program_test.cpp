#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>

#include "orrery_program.h"
#include "support/golden.h"

// `orrery bench` of the smallest model on the CPU: its output, and that its numbers are consistent. Times depend on the
// machine's load, so none is compared with that of another run.
namespace orrery {
namespace {

using testing::HasSubstr;

constexpr double kChannels = 8;  // channels of random:tiny's latents

struct Grid {
  int cfg = 1;
  int tp = 1;
};

Ending bench(const Grid& grid, const CommandLine& more) {
  CommandLine command = orrery({"bench", "--model", "tiny", "--size", "64x64", "--frames", "9", "--device", "cpu",
                                "--repeats", "2", "--cfg", std::to_string(grid.cfg), "--tp", std::to_string(grid.tp)});
  command.insert(command.end(), more.begin(), more.end());
  return run_program(on_ranks(grid.cfg * grid.tp, command));
}

std::vector<Json> lines_of(const Ending& ended) {
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  std::vector<Json> lines;
  std::istringstream text(ended.out);
  for (std::string line; std::getline(text, line);) lines.push_back(Json::parse(line));
  return lines;
}

void expect_fields(const Json& line, const Grid& grid) {
  for (const char* field : {"what", "name", "shape", "median_ms", "min_ms", "max_ms", "runs", "calls", "model", "size",
                            "frames", "topology", "dtype", "device", "versions"}) {
    EXPECT_TRUE(line.contains(field)) << field << " in " << line;
  }
  EXPECT_EQ(line["model"], "random:tiny");
  EXPECT_EQ(line["size"], "64x64");
  EXPECT_EQ(line["frames"], 9);
  EXPECT_EQ(line["topology"]["cfg"], grid.cfg);
  EXPECT_EQ(line["topology"]["tp"], grid.tp);
  EXPECT_EQ(line["dtype"], "float32");
  EXPECT_EQ(line["versions"]["orrery"].is_string(), true);
  EXPECT_LE(line["min_ms"], line["median_ms"]);
  EXPECT_LE(line["median_ms"], line["max_ms"]);
  if (line.contains("share")) {
    const double share = line["ceiling_ms"].get<double>() / line["median_ms"].get<double>();
    EXPECT_NEAR(line["share"].get<double>() / share, 1, 1e-3) << line;
  }
}

// The lines of one part, by name. Expects that no name occurs twice with the same shape.
std::map<std::string, Json> part(const std::vector<Json>& lines, const std::string& what) {
  std::map<std::string, Json> found;
  std::set<std::string> seen;
  for (const Json& line : lines) {
    if (line["what"] != what) continue;
    const std::string name = line["name"];
    EXPECT_TRUE(seen.insert(name + ": " + line["shape"].get<std::string>()).second) << line;
    found.emplace(name, line);
  }
  return found;
}

// The sum of the phases' shares, including "the rest". Expects that none is negative.
double sum_of_phases(const std::map<std::string, Json>& lines) {
  double sum = 0;
  for (const auto& [name, line] : lines) {
    if (!name.starts_with("phase: ")) continue;
    EXPECT_GE(line["median_ms"], 0) << name;
    sum += line.value("part", 0.0);
  }
  return sum;
}

// The work of a line: its speed times its time.
double flops_of(const Json& line) { return line.value("tflops", 0.0) * line.at("median_ms").get<double>() * 1e9; }
double bytes_of(const Json& line) { return line.value("gbps", 0.0) * line.at("median_ms").get<double>() * 1e6; }

// Compares with a tolerance for the five digits of the lines.
void expect_work(double found, double expected, const Json& line) { EXPECT_NEAR(found / expected, 1, 3e-4) << line; }

// FLOPs of a product with the shape "12 x 128 -> 768".
double product_flops(const Json& line) {
  double rows = 0, in = 0, out = 0;
  EXPECT_EQ(std::sscanf(line.at("shape").get<std::string>().c_str(), "%lf x %lf -> %lf", &rows, &in, &out), 3);
  return 2 * rows * in * out;
}

// FLOPs of attention with the shape "12 x 524, 8/8 heads of 32": queries times keys, and weights times values.
double attention_flops(const Json& line) {
  double queries = 0, keys = 0, heads = 0, width = 0;
  const auto shape = line.at("shape").get<std::string>();
  EXPECT_EQ(std::sscanf(shape.c_str(), "%lf x %lf, %lf/%*f heads of %lf", &queries, &keys, &heads, &width), 4);
  return 4 * queries * keys * heads * width;
}

class BenchOnRanks : public testing::TestWithParam<Grid> {};

TEST_P(BenchOnRanks, StepAndCeilings) {
  const Grid grid = GetParam();
  const std::vector<Json> lines = lines_of(bench(grid, {"--json", "--what", "step,ceilings,load", "--kernels", "3"}));
  for (const Json& line : lines) expect_fields(line, grid);
  const auto ceilings = part(lines, "ceilings");
  for (const char* name : {"attention by aten", "qkv product", "out product", "gate|up product", "down product",
                           "device copy", "conv3d, channels last"}) {
    EXPECT_TRUE(ceilings.contains(name)) << name;
  }
  EXPECT_EQ(ceilings.contains("all-reduce"), grid.tp > 1);
  EXPECT_EQ(ceilings.at("qkv product")["shape"], "12 x 128 -> " + std::to_string(768 / grid.tp));
  const Json& copy = ceilings.at("device copy");
  expect_work(bytes_of(copy), 2.0 * (64 << 20), copy);  // read and written
  for (const auto& [name, line] : part(lines, "load")) expect_work(bytes_of(line), line.at("bytes"), line);

  const double at_once = grid.cfg == 1 ? 2 : 1;  // branches in one pass
  const auto step = part(lines, "step");
  double layer = attention_flops(ceilings.at("attention by aten"));
  expect_work(flops_of(ceilings.at("attention by aten")), layer, ceilings.at("attention by aten"));
  for (const std::string name : {"qkv product", "out product", "gate|up product", "down product"}) {
    const double flops = product_flops(ceilings.at(name));
    layer += flops;
    expect_work(flops_of(ceilings.at(name)), flops, ceilings.at(name));
    const Json& phase = step.at("phase: " + name);
    expect_work(flops_of(phase), at_once * flops * phase.at("calls").get<double>(), phase);
  }
  expect_work(flops_of(step.at("branch")), 3 * layer, step.at("branch"));
  expect_work(flops_of(step.at("step")), 3 * layer * (grid.cfg == 1 ? 2 : 1), step.at("step"));
  EXPECT_EQ(step.at("step")["branches"], grid.cfg == 1 ? 2 : 1);
  EXPECT_EQ(step.at("phase: attention")["calls"], 3);
  EXPECT_EQ(step.at("phase: residual + mlp norm")["calls"], 3);
  const double latents = 4.0 * kChannels * 3 * 4 * 4, patches = 4.0 * 12 * 4 * kChannels, state = 4.0 * 12 * 128;
  const std::map<std::string, double> traffic{
      {"patchify", latents + patches}, {"embed", patches + state}, {"unpatchify", latents + patches}};
  for (const auto& [name, bytes] : traffic) {
    const Json& phase = step.at("phase: " + name);
    expect_work(bytes_of(phase), bytes * phase.at("calls").get<double>(), phase);
  }
  const Json& sampler = step.at("phase: guidance + sampler step");
  expect_work(bytes_of(sampler), 9 * latents * sampler.at("calls").get<double>(), sampler);
  EXPECT_EQ(step.contains("phase: velocity all-gather"), grid.cfg == 2);
  EXPECT_NEAR(sum_of_phases(step), 1, 1e-3);
  int kernels = 0;
  for (const auto& [name, line] : step) kernels += name.starts_with("kernel: ") ? 1 : 0;
  EXPECT_EQ(kernels, 3);
}

TEST_P(BenchOnRanks, DecodersAndCollectives) {
  const Grid grid = GetParam();
  const std::vector<Json> lines =
      lines_of(bench(grid, {"--json", "--what", "vae,sound,collectives", "--kernels", "2"}));
  for (const Json& line : lines) expect_fields(line, grid);
  const auto vae = part(lines, "vae");
  for (const char* name : {"first latent frame", "later latent frame", "copy of 8-bit pixels to the host",
                           "clip, decoded and on the host", "phase: middle / attention", "phase: up block 3 / conv"}) {
    EXPECT_TRUE(vae.contains(name)) << name;
  }
  EXPECT_EQ(vae.at("later latent frame")["runs"], 2);  // of three latent frames
  double convolutions = 0;
  for (const auto& [name, line] : vae) convolutions += name.ends_with("conv") ? flops_of(line) : 0;
  EXPECT_NEAR(convolutions / flops_of(vae.at("later latent frame")), 1, 2e-3) << "the rest is the middle's attention";
  const Json& pixels = vae.at("copy of 8-bit pixels to the host");
  expect_work(bytes_of(pixels), 4.0 * 64 * 64 * 3, pixels);
  EXPECT_NEAR(sum_of_phases(vae), 1, 1e-3);
  for (const auto& [name, line] : vae)
    EXPECT_EQ(line.contains("share"), name.ends_with("conv") || name[0] == 'l') << name;
  EXPECT_GT(part(lines, "sound").at("clip")["tflops"], 0);
  const auto collectives = part(lines, "collectives");
  EXPECT_EQ(collectives.contains("all-reduce over tp"), grid.tp > 1);
  EXPECT_EQ(collectives.contains("all-gather over cfg"), grid.cfg > 1);
  if (grid.tp > 1) {
    const Json& sum = collectives.at("all-reduce over tp");
    expect_work(sum.at("algorithm_gbps").get<double>() * sum.at("median_ms").get<double>() * 1e6, 12.0 * 128 * 4, sum);
  }
  // Bytes sent: all but a rank's own share, twice in an all-reduce and once in an all-gather.
  for (const auto& [name, line] : collectives) {
    const double wire = name == "all-gather over cfg" ? (grid.cfg - 1.0) / grid.cfg : 2 * (grid.tp - 1.0) / grid.tp;
    expect_work(line.at("gbps").get<double>(), wire * line.at("algorithm_gbps").get<double>(), line);
  }
}

INSTANTIATE_TEST_SUITE_P(Grids, BenchOnRanks, testing::Values(Grid{1, 1}, Grid{2, 2}));

// 12 tokens in 3 layers: each of two ranks has 6, and sends their queries, keys and values for half of the heads.
TEST(Bench, SharesTokens) {
  const CommandLine parts{"--json", "--what", "step,collectives", "--sp", "2"};
  CommandLine command =
      orrery({"bench", "--model", "tiny", "--size", "64x64", "--frames", "9", "--device", "cpu", "--repeats", "2"});
  CommandLine on_two = command;
  on_two.insert(on_two.end(), parts.begin(), parts.end());
  const std::vector<Json> lines = lines_of(run_program(on_ranks(2, on_two)));
  const auto step = part(lines, "step");
  for (const char* name : {"heads", "attention", "velocity"}) {
    EXPECT_TRUE(step.contains(std::string("phase: ") + name + " all-to-all")) << name;
  }
  EXPECT_EQ(step.at("branch")["topology"]["sp"], 2);
  EXPECT_NEAR(sum_of_phases(step), 1, 1e-3);
  EXPECT_TRUE(part(lines, "collectives").contains("all-to-all over sp"));

  command.insert(command.end(), {"--json", "--what", "shares"});
  const auto shares = part(lines_of(run_program(command)), "shares");
  ASSERT_EQ(shares.size(), 3U);
  const Json& half = shares.at("branch, by a rank of sp 2");
  expect_work(flops_of(half), flops_of(step.at("branch")), half);
  // For each token, half of the heads; for half of the heads, half of the tokens; and the patches of the velocities.
  const double heads = 6 * 12 * 32, tokens = 6 * 4 * 32, patches = 6 * 4 * kChannels;
  EXPECT_EQ(half.at("exchange_bytes"), 4 * (3 * (heads + tokens) + patches));
}

TEST(Bench, ComparesLoadingWithAPlainRead) {
  for (const bool drops : {false, true}) {
    CommandLine command = orrery({"bench", "--checkpoint", golden_checkpoint("tiny").string(), "--size", "64x64",
                                  "--frames", "9", "--device", "cpu", "--what", "load", "--json"});
    if (drops) command.push_back("--drop-cache");
    const auto load = part(lines_of(run_program(command)), "load");
    ASSERT_EQ(load.size(), 3U);
    for (const auto& [name, line] : load) {
      EXPECT_EQ(line["cache"], drops ? "dropped" : "as it was") << name;
      expect_work(bytes_of(line), line.at("bytes"), line);
      EXPECT_EQ(line.contains("share"), name != "plain read") << name;
    }
    std::uintmax_t bytes = 0;
    for (const auto& file : std::filesystem::directory_iterator(golden_checkpoint("tiny") / "transformer")) {
      if (file.path().extension() == ".safetensors") bytes += file.file_size();
    }
    EXPECT_EQ(load.at("plain read")["bytes"], static_cast<double>(bytes));
  }
}

TEST(Bench, PrintsATable) {
  const Ending ended = bench({}, {"--what", "step"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("of whole\n"));
  EXPECT_THAT(ended.out, HasSubstr("phase: attention"));
  EXPECT_THAT(ended.out, testing::Not(HasSubstr("device copy")));  // measured, but not to be printed
}

TEST(Bench, AttentionInEightBitsHasItsOwnPhases) {
  const std::vector<Json> lines = lines_of(bench({}, {"--json", "--what", "step,ceilings", "--attention", "fp8"}));
  EXPECT_TRUE(part(lines, "ceilings").contains("attention by aten in 8 bits"));
  const auto step = part(lines, "step");
  // Both branches are in one pass: kernels for each branch's keys have two calls per layer, attention has one.
  const std::map<std::string, int> calls{{"head norm + rope", 6},
                                         {"mean of values", 6},
                                         {"values in 8 bits", 6},
                                         {"attention", 3},
                                         {"attention / mean added", 6}};
  for (const auto& [name, expected] : calls) {
    const std::string phase = "phase: " + name;
    ASSERT_TRUE(step.contains(phase)) << phase;
    EXPECT_EQ(step.at(phase).at("calls"), expected) << phase;
    EXPECT_EQ(step.at(phase).at("attention_format"), "fp8");
  }
}

// On a CPU, 8-bit kernels are emulated: the errors equal those on GPUs, the times do not.
TEST(Bench, ProductsInSeveralFormats) {
  const auto formats = part(lines_of(bench({}, {"--json", "--what", "formats"})), "formats");
  EXPECT_EQ(formats.size(), 44U);
  const auto error = [&](const std::string& name) { return formats.at("qkv product: " + name).value("error", 1.0); };
  EXPECT_LE(error("as with --gemm bf16"), 1e-5);
  const double both = error("fp8, a factor per row");
  for (const char* alone : {"only activations in fp8", "only weights in fp8"}) {
    EXPECT_GT(error(alone), 0.01) << alone;
    EXPECT_LT(error(alone), 0.8 * both) << alone;
  }
  EXPECT_LT(both, 0.05);
  EXPECT_LT(error("int8, a factor per row, rotated"), 0.5 * both);
}

TEST(Bench, RefusesATpThatDoesNotDivide) {
  const Ending ended = bench({1, 3}, {"--what", "step"});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.err, HasSubstr("tp 3 does not divide the model's 8 attention heads"));
}

}  // namespace
}  // namespace orrery
