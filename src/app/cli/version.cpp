#include "app/cli/version.h"

#include <fmt/format.h>

#include "app/cli/build_versions.h"
#include "app/cli/git_revision.h"

namespace orrery {

Json versions() {
  return {{"orrery", kOrreryVersion},  {"revision", kGitRevision}, {"compiler", kCompiler},
          {"LibTorch", kTorchVersion}, {"CUDA", kCudaVersion},     {"NCCL", kNcclVersion},
          {"MPI", kMpiVersion},        {"HDF5", kHdf5Version},     {"FFmpeg", kFfmpegVersion}};
}

std::string version_text() {
  const Json all = versions();
  std::string text;
  for (const auto& [name, version] : all.items()) text += fmt::format("{:<10}{}\n", name, version.get<std::string>());
  return text;
}

std::string software_name() { return fmt::format("orrery {} ({})", kOrreryVersion, kGitRevision); }

}  // namespace orrery
