#pragma once

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "io/latents/latent_store.h"
#include "orrery_program.h"
#include "support/golden.h"
#include "support/temporary_folder.h"

namespace orrery {

constexpr int kStopped = 75;  // the exit code of a run that can go on

struct RunGrid {
  int cfg = 1;
  int tp = 1;
  int sp = 1;
};

std::string grid_name(const RunGrid& grid);  // "cfg2_tp1", or "cfg2_tp1_sp2" if sp is not 1

// A request of token ids, 9 frames of 96 x 64 in 3 steps: latents (1, 8, 3, 4, 6) with the golden checkpoint "tiny".
// The members of `more` are added or replace.
Json tiny_line(const std::string& id, const Json& more = Json::object());

// A golden case's request as a manifest line, without its image.
Json golden_line(const Golden& golden);

at::Tensor tensor_of(const FloatArray& array);
inline at::Tensor video_of(const LatentFile& file) { return tensor_of(file.latents.at(Stream::Video)); }

// The largest difference, relative to the largest expected value.
double relative(const at::Tensor& found, const at::Tensor& expected);

// Runs of the program in a folder of the test's own, with the golden checkpoint "tiny". Paths in manifest lines start
// at that folder.
class ClipFolder {
 public:
  // Runs the lines into the folder `out`. The test fails unless the run ends with `exit_code`.
  Ending run(const std::string& out, const std::vector<Json>& lines, const CommandLine& more = {},
             const RunGrid& grid = {}, int exit_code = 0) const;
  // Writes the manifest and returns the command of run().
  CommandLine command(const std::string& out, const std::vector<Json>& lines, const CommandLine& more = {}) const;
  // Runs `orrery encode` of a file for clips of 96 x 64. Returns its exit code and output.
  Ending encode(const std::string& source, const std::string& target, const CommandLine& more = {}) const;

  std::filesystem::path latents_path(const std::string& out, const std::string& id) const;
  LatentFile latents(const std::string& out, const std::string& id) const {
    return read_latents(latents_path(out, id));
  }

  // latents() without the time of writing.
  LatentFile timeless_latents(const std::string& out, const std::string& id) const;
  std::filesystem::path snapshot_path(const std::string& out, const std::string& id) const;

  std::filesystem::path path(const std::string& name) const { return folder_ / name; }

 protected:
  TemporaryFolder folder_;
  std::filesystem::path checkpoint_ = golden_checkpoint("tiny");
};

class Clips : public testing::Test, public ClipFolder {};

}  // namespace orrery
