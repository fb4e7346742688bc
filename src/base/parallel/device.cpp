#include "base/parallel/device.h"

#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <string_view>

#include "base/core/error.h"
#include "base/core/log.h"
#include "base/device/gpu.h"
#include "base/parallel/mpi_calls.h"

namespace orrery {
namespace {

struct GpuPick {
  int index = 0;
  bool shared = false;
  std::string problem;
};

std::string node_name() {
  std::array<char, MPI_MAX_PROCESSOR_NAME> name{};
  int length = 0;
  check_mpi(MPI_Get_processor_name(name.data(), &length), "ask for the name of this node");
  return {name.data(), static_cast<std::size_t>(length)};
}

GpuPick pick_gpu(const Comm& node) {
  const Shard local = node.shard();
  const GpuCount gpus = count_gpus();
  // With fewer GPUs in sight than ranks, the launcher may have shown each rank its own alone, as srun does with one GPU
  // a task.
  const int index = gpus.count >= local.size ? local.rank : 0;
  const bool shared = node.ranks_with(gpus.problem.empty() ? gpu_uuid(index) : "") > 1;
  if (!gpus.problem.empty()) return {0, false, "node " + node_name() + ": " + gpus.problem};
  if (!shared) return {index, false, ""};
  if (may_share_gpus()) return {local.rank % gpus.count, true, ""};
  return {0, false,
          fmt::format(
              "node {} has {} ranks but only {} GPU(s) for them: start fewer ranks a node, or give the job more GPUs",
              node_name(), local.size, gpus.count)};
}

}  // namespace

bool may_share_gpus() {
  const char* const wish = std::getenv("ORRERY_SHARE_GPUS");
  return wish != nullptr && std::string_view(wish) == "1";
}

int ranks_on_gpu(const Comm& comm, c10::Device device) {
  return device.is_cuda() ? comm.ranks_with(gpu_uuid(device.index())) : 1;
}

bool gpus_are_shared(const Comm& comm, c10::Device device) { return comm.max(ranks_on_gpu(comm, device)) > 1; }

at::Device choose_device(DeviceKind kind, const Comm& world) {
  if (kind == DeviceKind::Cpu) return at::kCPU;
  const GpuPick pick = pick_gpu(world.split_by_node());
  const std::string problem = world.first_problem(pick.problem);
  if (problem.empty()) {
    if (world.max(pick.shared ? 1 : 0) == 1 && world.is_root()) {
      Log().warning("ranks share a GPU: good for checks, slow for work");
    }
    load_gpu_kernels();
    use_gpu(pick.index);
    at::globalContext().setAllowTF32CuDNN(false);  // on by default, and float32 has to mean float32
    return {at::kCUDA, static_cast<at::DeviceIndex>(pick.index)};
  }
  require_input(kind == DeviceKind::Auto, "device cuda: " + problem);
  return at::kCPU;
}

}  // namespace orrery
