#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <set>
#include <sstream>

#include "orrery_program.h"
#include "support/golden.h"

// `orrery bench` of the smallest model, on the CPU: what it prints, and that its figures fit one another. How fast
// anything is depends on who else uses the machine, so that no time is compared with another run's.
namespace orrery {
namespace {

using testing::HasSubstr;

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

// The lines of one part, by name; no name stands for two things of one shape.
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

// The parts of a whole add up to it, and none is negative: "the rest" is what is left.
double sum_of_phases(const std::map<std::string, Json>& lines) {
  double sum = 0;
  for (const auto& [name, line] : lines) {
    if (!name.starts_with("phase: ")) continue;
    EXPECT_GE(line["median_ms"], 0) << name;
    sum += line.value("part", 0.0);
  }
  return sum;
}

class BenchOnRanks : public testing::TestWithParam<Grid> {};

TEST_P(BenchOnRanks, StepAndCeilings) {
  const Grid grid = GetParam();
  const std::vector<Json> lines = lines_of(bench(grid, {"--json", "--what", "step,ceilings,load", "--kernels", "3"}));
  for (const Json& line : lines) expect_fields(line, grid);
  const auto ceilings = part(lines, "ceilings");
  for (const char* name : {"attention", "qkv product", "out product", "gate|up product", "down product", "device copy",
                           "conv3d, channels last"}) {
    EXPECT_TRUE(ceilings.contains(name)) << name;
  }
  EXPECT_EQ(ceilings.contains("all-reduce"), grid.tp > 1);
  EXPECT_EQ(ceilings.at("qkv product")["shape"], "12 x 128 -> " + std::to_string(768 / grid.tp));
  const auto load = part(lines, "load");
  EXPECT_GT(load.at("text tower")["gbps"], 0);
  EXPECT_GT(load.at("media tower")["gbps"], 0);

  const auto step = part(lines, "step");
  EXPECT_EQ(step.at("step")["branches"], grid.cfg == 1 ? 2 : 1);
  EXPECT_GT(step.at("branch")["tflops"], 0);
  EXPECT_GT(step.at("branch")["share"], 0);
  EXPECT_EQ(step.at("phase: attention")["calls"], grid.cfg == 1 ? 6 : 3);
  EXPECT_EQ(step.at("phase: residual + mlp norm")["calls"], grid.cfg == 1 ? 6 : 3);
  for (const char* name : {"patchify", "embed", "unpatchify", "guidance + sampler step"}) {
    EXPECT_GT(step.at("phase: " + std::string(name))["gbps"], 0) << name;
  }
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
  for (const char* name : {"first latent frame", "later latent frame", "its pixels as bytes to the host",
                           "clip, decoded and on the host", "phase: middle / attention", "phase: up block 3 / conv"}) {
    EXPECT_TRUE(vae.contains(name)) << name;
  }
  EXPECT_EQ(vae.at("later latent frame")["runs"], 2);  // of three latent frames
  EXPECT_GT(vae.at("later latent frame")["share"], 0);
  EXPECT_NEAR(sum_of_phases(vae), 1, 1e-3);
  for (const auto& [name, line] : vae)
    EXPECT_EQ(line.contains("share"), name.ends_with("conv") || name[0] == 'l') << name;
  EXPECT_GT(part(lines, "sound").at("clip")["tflops"], 0);
  const auto collectives = part(lines, "collectives");
  EXPECT_EQ(collectives.contains("all-reduce over tp"), grid.tp > 1);
  EXPECT_EQ(collectives.contains("all-gather over cfg"), grid.cfg > 1);
  for (const auto& [name, line] : collectives) EXPECT_GT(line["algorithm_gbps"], 0) << name;
}

INSTANTIATE_TEST_SUITE_P(Grids, BenchOnRanks, testing::Values(Grid{1, 1}, Grid{2, 1}, Grid{2, 2}));

TEST(Bench, ComparesLoadingWithAPlainRead) {
  for (const bool drops : {false, true}) {
    CommandLine command = orrery({"bench", "--checkpoint", golden_checkpoint("tiny").string(), "--size", "64x64",
                                  "--frames", "9", "--device", "cpu", "--what", "load", "--json"});
    if (drops) command.push_back("--drop-cache");
    const auto load = part(lines_of(run_program(command)), "load");
    ASSERT_EQ(load.size(), 3U);
    for (const auto& [name, line] : load) {
      EXPECT_EQ(line["cache"], drops ? "dropped" : "as it was") << name;
      EXPECT_GT(line["gbps"], 0) << name;
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
  EXPECT_THAT(ended.out, testing::Not(HasSubstr("device copy")));  // measured, but not asked for
}

TEST(Bench, RefusesATpThatDoesNotDivide) {
  const Ending ended = bench({1, 3}, {"--what", "step"});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.err, HasSubstr("--tp 3 does not divide the model's 8 attention heads"));
}

}  // namespace
}  // namespace orrery
