#include "app/cli/version.h"

#include <cstddef>

#include "app/cli/build_versions.h"
#include "app/cli/git_revision.h"

namespace orrery {

Json versions() {
  return {{"orrery", kOrreryVersion},  {"revision", kGitRevision}, {"compiler", kCompiler},
          {"LibTorch", kTorchVersion}, {"CUDA", kCudaVersion},     {"NCCL", kNcclVersion},
          {"MPI", kMpiVersion},        {"HDF5", kHdf5Version},     {"FFmpeg", kFfmpegVersion}};
}

std::string version_text() {
  constexpr std::size_t kColumn = 10;
  const Json all = versions();
  std::string text;
  for (const auto& [name, version] : all.items()) {
    text += name + std::string(kColumn - name.size(), ' ') + version.get<std::string>() + "\n";
  }
  return text;
}

std::string software_name() { return std::string("orrery ") + kOrreryVersion + " (" + kGitRevision + ")"; }

}  // namespace orrery
