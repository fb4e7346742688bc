// Jobs of two ranks, which may share a GPU, that lose one of them in a step. The program starts itself as the ranks.
#include <c10/cuda/CUDAStream.h>
#include <cuda_runtime_api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <csignal>
#include <string>

#include "base/core/pulse.h"
#include "base/device/device_memory.h"
#include "base/parallel/device.h"
#include "base/parallel/mpi_session.h"
#include "base/parallel/rank_groups.h"
#include "support/process.h"
#include "told_place.h"

namespace orrery {
namespace {

using testing::HasSubstr;

void sleep_forever(void*) {
  while (true) ::pause();
}

// Nothing that is queued behind it is ever done.
void block_gpu() { cudaLaunchHostFunc(c10::cuda::getCurrentCUDAStream().stream(), sleep_forever, nullptr); }

// Steps with a sum over ranks each, of which rank 1 does not finish the fifth.
void make_steps(const Comm& world, at::Device device, const std::string& way) {
  const auto group = make_collectives(world, device);
  const at::Tensor a = at::full({256, 256}, 1e-3, device);
  at::Tensor x = at::ones({256, 256}, device);
  note_gpu_work();
  note_clip("clip7");
  for (int step = 0; step < 1000; ++step) {
    note_steps(0, step, 1000);
    x = at::matmul(a, x);
    if (step == 4 && world.shard().rank == 1) {
      wait_until_told("clip7, step 5/1000");  // so small a step would be over long before its sign
      way == "stopped" ? static_cast<void>(::raise(SIGSTOP)) : block_gpu();
    }
    group->all_reduce_sum(x);
    finish_work(device);
    world.barrier();
  }
}

int run_rank(int argc, char** argv) {
  const std::string way = argv[2];
  MpiSession mpi(argc, argv);
  try {
    constexpr double kTimeout = 6;  // seconds
    mpi.watch_ranks(kTimeout);
    make_steps(mpi.world(), choose_device(DeviceKind::Cuda, mpi.world()), way);
    return 0;
  } catch (const std::exception& error) {
    return mpi.leave(error);
  }
}

// In an archive of tools/bundle.sh a loader runs this program, and run-test starts it.
CommandLine this_program() {
  std::string path(PATH_MAX, '\0');
  path.resize(static_cast<std::size_t>(std::max(::readlink("/proc/self/exe", path.data(), path.size()), ssize_t{0})));
  if (path.find("/ld-linux") == std::string::npos) return {path};
  return {"../libexec/run-test", program_invocation_name};
}

class LostInAStep : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(LostInAStep, EndsTheJobWithOneMessage) {
  const auto [way, said] = GetParam();
  CommandLine command{"mpirun", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "-n", "2"};
  for (const std::string& word : this_program()) command.push_back(word);
  command.insert(command.end(), {"rank", way});
  const Ending ending = run_program(command);
  EXPECT_EQ(ending.exit_code, 3) << ending.err;
  EXPECT_THAT(ending.err, HasSubstr(said));
  EXPECT_THAT(ending.err, HasSubstr("clip7, step 5/1000"));
  const std::size_t first = ending.err.find("orrery: error: ");
  EXPECT_EQ(ending.err.find("orrery: error: ", first + 1), std::string::npos) << ending.err;
}

INSTANTIATE_TEST_SUITE_P(Ways, LostInAStep,
                         testing::Values(std::pair("stopped", "has given no sign of life for"),
                                         std::pair("blocked", "has made no progress for")),
                         [](const auto& test) { return std::string(test.param.first); });

}  // namespace
}  // namespace orrery

int main(int argc, char** argv) {
  if (argc == 3 && std::string(argv[1]) == "rank") return orrery::run_rank(argc, argv);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
