#include <ATen/Parallel.h>
#include <sched.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <thread>
#include <vector>

#include "base/parallel/device.h"
#include "base/parallel/mpi_calls.h"

namespace orrery {
namespace {

// One flag a core: may this process run there? (taskset, cgroups and the launcher's binding decide.)
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

// OMP_NUM_THREADS, as a ceiling: a user who sets it shares the node with others.
int thread_ceiling() {
  const char* text = std::getenv("OMP_NUM_THREADS");
  const int value = text == nullptr ? 0 : std::atoi(text);
  return value > 0 ? value : std::numeric_limits<int>::max();
}

void use_threads(int threads) { at::set_num_threads(std::clamp(threads, 1, thread_ceiling())); }

}  // namespace

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
