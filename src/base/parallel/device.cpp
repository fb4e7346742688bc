#include "base/parallel/device.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string_view>
#include <thread>
#include <vector>

#include "base/core/error.h"
#include "base/core/log.h"
#include "base/device/gpu.h"
#include "base/parallel/comm.h"

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
  // When a rank sees fewer GPUs than the node has ranks, the launcher may show each rank only its own, as srun does
  // with one GPU per task.
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

// One flag for each core: whether this process may run there (taskset, cgroups and the launcher's binding decide).
std::vector<int> allowed_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> allowed(CPU_SETSIZE, 0);
  if (::sched_getaffinity(0, sizeof set, &set) != 0) {  // more cores than the set can name
    std::fill_n(allowed.begin(), std::min<std::size_t>(std::thread::hardware_concurrency(), allowed.size()), 1);
    return allowed;
  }
  for (std::size_t core = 0; core < allowed.size(); ++core) allowed[core] = CPU_ISSET(core, &set) ? 1 : 0;
  return allowed;
}

// The value of OMP_NUM_THREADS as an upper limit: a user who sets it shares the node.
int thread_ceiling() {
  const char* text = std::getenv("OMP_NUM_THREADS");
  const int value = text == nullptr ? 0 : std::atoi(text);
  return value > 0 ? value : std::numeric_limits<int>::max();
}

void use_threads(int threads) { at::set_num_threads(std::clamp(threads, 1, thread_ceiling())); }

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

void set_threads(const Comm& world) {
  const Comm node = world.split_by_node();
  const std::vector<int> mine = allowed_cores();
  std::vector<int> users(mine.size());
  check_mpi(MPI_Allreduce(mine.data(), users.data(), static_cast<int>(mine.size()), MPI_INT, MPI_SUM, node.get()),
            "count the ranks that may run on each core");
  double share = 0;
  for (std::size_t core = 0; core < mine.size(); ++core) {
    if (mine[core] != 0) share += 1.0 / users[core];
  }
  use_threads(static_cast<int>(std::floor(share + 1e-6)));
  // A second call would throw, also with the same number.
  if (at::get_num_interop_threads() != 1) at::set_num_interop_threads(1);
}

AllCores::AllCores() : before_(at::get_num_threads()) {
  const std::vector<int> mine = allowed_cores();
  use_threads(static_cast<int>(std::count(mine.begin(), mine.end(), 1)));
}

AllCores::~AllCores() { at::set_num_threads(before_); }

}  // namespace orrery
