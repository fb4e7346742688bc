#include "base/parallel/comm.h"

#include <ATen/Parallel.h>
#include <c10/util/Exception.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <vector>

#include "base/device/device_memory.h"
#include "base/device/gpu.h"
#include "base/parallel/device.h"
#include "base/parallel/process_grid.h"
#include "support/mpi_world.h"

namespace orrery {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using testing::ThrowsMessage;

TEST(Comm, Talks) {
  const Comm& world = mpi_world();
  const auto [rank, size] = world.shard();
  EXPECT_EQ(world.max(-rank), 0);
  EXPECT_EQ(world.max(rank), size - 1);
  const std::string binary("a\0b", 3);
  EXPECT_EQ(world.broadcast(world.is_root() ? binary : "x"), binary);
  EXPECT_EQ(world.broadcast(std::to_string(rank), size - 1), std::to_string(size - 1));
  EXPECT_EQ(world.broadcast(""), "");
  EXPECT_EQ(world.gather_to_root(10 * rank).size(), world.is_root() ? static_cast<std::size_t>(size) : 0U);
  EXPECT_EQ(world.split_by_node().shard(), world.shard());
}

TEST(Comm, MovesItsOwnership) {
  Comm first = mpi_world().split(0);
  Comm second = std::move(first);
  second.barrier();
  EXPECT_EQ(second.shard(), mpi_world().shard());
}

TEST(Comm, SaysMpisOwnWords) {
  EXPECT_THAT([] { mpi_world().split(-7); }, ThrowsMessage<Error>(HasSubstr("split a communicator: MPI_ERR_ARG")));
}

TEST(Comm, CountsRanksThatGaveTheSameText) {
  const auto [rank, size] = mpi_world().shard();
  EXPECT_EQ(mpi_world().ranks_with("all alike"), size);
  EXPECT_EQ(mpi_world().ranks_with(std::to_string(rank)), 1);
  EXPECT_EQ(mpi_world().ranks_with(rank == 0 ? "first" : ""), rank == 0 ? 1 : size - 1);
  EXPECT_EQ(mpi_world().ranks_with(std::string(63, 'x') + std::to_string(rank)), size);
}

TEST(Comm, AgreesOnTheFirstProblem) {
  const auto [rank, size] = mpi_world().shard();
  EXPECT_EQ(mpi_world().first_problem(""), "");
  EXPECT_EQ(mpi_world().first_problem("rank " + std::to_string(rank)), "rank 0");
  EXPECT_EQ(mpi_world().first_problem(rank == size - 1 ? "last" : ""), "last");
}

TEST(MessageOf, SaysWhatHelpsAgainstALackOfGpuMemory) {
  const c10::SourceLocation here{__func__, __FILE__, __LINE__};
  const c10::OutOfMemoryError error(
      here,
      "CUDA out of memory. Tried to allocate 1.32 GiB. GPU 0 has a total capacity of 79.19 GiB of which 1.01 GiB is "
      "free. "
      "Process 7 has 78.16 GiB memory in use. Of the allocated memory 70.00 GiB is allocated by PyTorch, and 7.00 GiB "
      "is "
      "reserved by PyTorch but unallocated. If reserved but unallocated memory is large try setting …");
  EXPECT_EQ(
      message_of(error),
      "out of GPU memory: Tried to allocate 1.32 GiB. GPU 0 has a total capacity of 79.19 GiB of which 1.01 GiB is "
      "free. To need less, use more GPUs for a clip (tp), release the text tower, fewer frames or fewer pixels");
  EXPECT_THAT(message_of(c10::OutOfMemoryError(here, "no words known\nsecond line")),
              AllOf(HasSubstr("out of GPU memory: no words known To need less, "), Not(HasSubstr("second"))));
}

TEST(DeviceMemory, IsUnboundedOnTheCpu) {
  EXPECT_EQ(free_memory(at::kCPU), std::nullopt);
  EXPECT_EQ(peak_memory(at::kCPU), std::nullopt);
  EXPECT_TRUE(can_allocate(at::kCPU, std::int64_t{1} << 60));
  reset_peak_memory(at::kCPU);
  release_unused_memory(at::kCPU);
  finish_work(at::kCPU);
}

TEST(FromRoot, GivesTheResultToAll) {
  EXPECT_EQ(mpi_world().from_root([] { return std::string("seven"); }), "seven");
  EXPECT_EQ(mpi_world().from_root([] { return std::int64_t{1} << 53 | 1; }), std::int64_t{1} << 53 | 1);
  int runs = 0;
  mpi_world().from_root([&] { ++runs; });
  EXPECT_EQ(runs, mpi_world().is_root() ? 1 : 0);
}

// What one rank meets when rank 0's work throws: its words there, and the exit code everywhere.
template <class Thrown>
void check_refusal(const Thrown& thrown, const std::string& words, int exit_code) {
  try {
    mpi_world().from_root([&]() -> std::string { throw thrown; });
    FAIL() << "from_root returned";
  } catch (const PeerRefused& e) {
    EXPECT_FALSE(mpi_world().is_root());
    EXPECT_EQ(exit_code_of(e), exit_code);
  } catch (const std::exception& e) {
    EXPECT_TRUE(mpi_world().is_root());
    EXPECT_EQ(e.what(), words);
    EXPECT_EQ(exit_code_of(e), exit_code);
  }
}

TEST(FromRoot, ThrowsEverywhere) {
  check_refusal(InputError("line 3"), "line 3", 2);
  check_refusal(Error("disk"), "disk", 3);
  check_refusal(std::out_of_range("range"), "range", 3);
  EXPECT_ANY_THROW(mpi_world().from_root([]() -> std::string { throw 7; }));
  mpi_world().barrier();
}

TEST(ProcessGrid, PlacesRanks) {
  const auto [rank, size] = mpi_world().shard();
  const int cfg = size % 2 == 0 ? 2 : 1;
  const ProcessGrid grid(mpi_world(), {cfg, size / cfg});
  EXPECT_EQ(grid.tp().shard(), (Shard{rank % (size / cfg), size / cfg}));
  EXPECT_EQ(grid.cfg().shard(), (Shard{rank / (size / cfg), cfg}));
  EXPECT_EQ(grid.is_root(), rank == 0);
  EXPECT_EQ(grid.tp().max(rank), (grid.cfg().shard().rank + 1) * grid.tp().shard().size - 1);
  EXPECT_EQ(grid.cfg().max(rank), grid.tp().shard().rank + (cfg - 1) * grid.tp().shard().size);
}

TEST(ProcessGrid, PutsTokensBetweenBranchesAndWeights) {
  const auto [rank, size] = mpi_world().shard();
  if (size % 4 != 0) return;  // of the other numbers of ranks there is nothing to see
  const ProcessGrid grid(mpi_world(), {2, size / 4, 2});
  const int tp = size / 4;
  EXPECT_EQ(grid.tp().shard(), (Shard{rank % tp, tp}));
  EXPECT_EQ(grid.sp().shard(), (Shard{rank / tp % 2, 2}));
  EXPECT_EQ(grid.cfg().shard(), (Shard{rank / (2 * tp), 2}));
  EXPECT_EQ(grid.is_root(), rank == 0);
  EXPECT_TRUE(grid.axes_across_nodes(mpi_world()).empty());
}

TEST(ProcessGrid, RefusesInWords) {
  const auto message = [](GridShape shape, int ranks, auto matcher) {
    EXPECT_THAT([&] { require_fits(shape, ranks); }, ThrowsMessage<InputError>(matcher));
  };
  message(
      {2, 4}, 4,
      AllOf(HasSubstr("cfg x sp x tp = 2 x 1 x 4 = 8, but the launcher started 4 ranks"), HasSubstr("mpirun -n 8")));
  message({2, 1}, 1, HasSubstr("the launcher started 1 rank:"));
  message({3, 1}, 3, HasSubstr("cfg = 3, expected 1"));
  message({0, 1}, 1, HasSubstr("cfg = 0"));
  message({1, 0}, 1, HasSubstr("tp = 0"));
  message({1, 1, 0}, 1, HasSubstr("sp = 0"));
  message({2, 2147483647}, 2, HasSubstr("= 4294967294,"));
  const int size = mpi_world().shard().size;
  EXPECT_THROW(ProcessGrid(mpi_world(), {1, size + 1}), InputError);
}

TEST(Blocks, CoverTheWholeRange) {
  std::vector<std::pair<std::int64_t, int>> pieces;
  for_blocks(
      7, [&](std::int64_t begin, int count) { pieces.emplace_back(begin, count); }, 3);
  EXPECT_THAT(pieces, ElementsAre(std::pair(0, 3), std::pair(3, 3), std::pair(6, 1)));
  for_blocks(0, [](std::int64_t, int) { FAIL(); });
}

TEST(Threads, ShareTheCores) {
  cpu_set_t set;
  ASSERT_EQ(::sched_getaffinity(0, sizeof set, &set), 0);
  for (int repeat = 0; repeat < 2; ++repeat) {
    ::unsetenv("OMP_NUM_THREADS");
    set_threads(mpi_world());
    EXPECT_EQ(at::get_num_threads(), std::max(1, CPU_COUNT(&set) / mpi_world().shard().size));
    EXPECT_EQ(at::get_num_interop_threads(), 1);
  }
  const int share = at::get_num_threads();
  {
    const AllCores all_cores;
    EXPECT_EQ(at::get_num_threads(), CPU_COUNT(&set));
  }
  EXPECT_EQ(at::get_num_threads(), share);
}

TEST(Threads, TheUsersCeilingHolds) {
  ::setenv("OMP_NUM_THREADS", "1", 1);
  set_threads(mpi_world());
  EXPECT_EQ(at::get_num_threads(), 1);
  const AllCores all_cores;
  EXPECT_EQ(at::get_num_threads(), 1);
}

TEST(Device, CpuIsAlwaysThere) { EXPECT_EQ(choose_device(DeviceKind::Cpu, mpi_world()), at::Device(at::kCPU)); }

// Why not every rank can have a GPU, as choose_device() words it; empty when they can. Collective.
std::string gpu_problem() {
  try {
    choose_device(DeviceKind::Cuda, mpi_world());
    return "";
  } catch (const InputError& e) {
    return e.what();
  }
}

// Sharing needs a GPU as well.
TEST(Device, SharingMakesNoGpu) {
  ::setenv("ORRERY_SHARE_GPUS", "1", 1);
  const std::string problem = gpu_problem();
  ::unsetenv("ORRERY_SHARE_GPUS");
  EXPECT_EQ(problem.empty(), count_gpus().count > 0);
  EXPECT_THAT(problem, Not(HasSubstr("ORRERY_SHARE_GPUS")));
}

TEST(Device, OnlyTheValueOneAllowsSharing) {
  ::unsetenv("ORRERY_SHARE_GPUS");
  EXPECT_FALSE(may_share_gpus());
  for (const char* value : {"", "0", "yes", "11"}) {
    ::setenv("ORRERY_SHARE_GPUS", value, 1);
    EXPECT_FALSE(may_share_gpus()) << value;
  }
  ::setenv("ORRERY_SHARE_GPUS", "1", 1);
  EXPECT_TRUE(may_share_gpus());
  ::unsetenv("ORRERY_SHARE_GPUS");
}

TEST(Device, RanksOfACpuShareNoGpu) {
  EXPECT_EQ(ranks_on_gpu(mpi_world(), at::kCPU), 1);
  EXPECT_FALSE(gpus_are_shared(mpi_world(), at::kCPU));
}

TEST(Device, RefusesGpusThatAreNotThere) {
  const std::string problem = gpu_problem();
  EXPECT_EQ(choose_device(DeviceKind::Auto, mpi_world()).is_cpu(), !problem.empty());
  if (!problem.empty()) {
    EXPECT_THAT(problem, StartsWith("device cuda: node "));
  }
}

}  // namespace
}  // namespace orrery
