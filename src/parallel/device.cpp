#include "parallel/device.h"

#include <algorithm>
#include <array>
#include <vector>

#include "core/error.h"
#include "parallel/check.h"
#include "parallel/gpu.h"

namespace orrery {
namespace {

struct GpuPick {
  int index = 0;
  std::string problem;
};

std::string node_name() {
  std::array<char, MPI_MAX_PROCESSOR_NAME> name{};
  int length = 0;
  check_mpi(MPI_Get_processor_name(name.data(), &length), "ask for the name of this node");
  return {name.data(), static_cast<std::size_t>(length)};
}

// How many ranks of `node` gave the same name as I did. Names are cut after 64 characters. Collective.
int ranks_with_name(const Comm& node, const std::string& name) {
  using Name = std::array<char, 64>;
  Name mine{};
  name.copy(mine.data(), mine.size() - 1);
  std::vector<Name> all(static_cast<std::size_t>(node.shard().size));
  check_mpi(
      MPI_Allgather(mine.data(), int{sizeof(Name)}, MPI_CHAR, all.data(), int{sizeof(Name)}, MPI_CHAR, node.get()),
      "compare the GPUs of this node's ranks");
  return static_cast<int>(std::count(all.begin(), all.end(), mine));
}

GpuPick pick_gpu(const Comm& node) {
  const Shard local = node.shard();
  const GpuCount gpus = count_gpus();
  // With fewer GPUs in sight than ranks, the launcher may have shown each rank its own alone (srun --gpus-per-task=1).
  const int index = gpus.count >= local.size ? local.rank : 0;
  const bool shared = ranks_with_name(node, gpus.problem.empty() ? gpu_uuid(index) : "") > 1;
  if (!gpus.problem.empty()) return {0, "node " + node_name() + ": " + gpus.problem};
  if (!shared) return {index, ""};
  return {0, "node " + node_name() + " has " + std::to_string(local.size) + " ranks but only " +
                 std::to_string(gpus.count) + " GPU(s) for them: start fewer ranks a node, or give the job more GPUs"};
}

}  // namespace

at::Device choose_device(DeviceKind kind, const Comm& world) {
  if (kind == DeviceKind::Cpu) return at::kCPU;
  const GpuPick pick = pick_gpu(world.split_by_node());
  const std::string problem = world.first_problem(pick.problem);
  if (problem.empty()) {
    use_gpu(pick.index);
    at::globalContext().setAllowTF32CuDNN(false);  // on by default, and float32 has to mean float32
    return {at::kCUDA, static_cast<at::DeviceIndex>(pick.index)};
  }
  require_input(kind == DeviceKind::Auto, "--device cuda: " + problem);
  return at::kCPU;
}

std::string gpu_problem(const Comm& world) { return world.first_problem(pick_gpu(world.split_by_node()).problem); }

}  // namespace orrery
