#include "base/core/stack.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <thread>

namespace orrery {
namespace {

// Touches 4 MiB of stack.
int deep(int level) {
  std::array<volatile char, 4096> page;
  page[0] = static_cast<char>(level);
  return level == 0 ? page[0] : deep(level - 1) + page[0] - page[0];
}

// In a child, since the limit would stay.
void work_on_a_small_stack() {
  rlimit small{};
  small.rlim_cur = small.rlim_max = 256 << 10;
  ::setrlimit(RLIMIT_STACK, &small);
  ::_exit(with_enough_stack([] {
    int in_thread = 1;
    std::thread([&] { in_thread = deep(1000); }).join();
    return 7 + deep(1000) + in_thread;
  }));
}

TEST(Stack, IsEnoughForWorkAndThreadsWhateverTheLimit) {
  EXPECT_EXIT(work_on_a_small_stack(), testing::ExitedWithCode(7), "");
}

TEST(Stack, WorkStaysInThisThreadWhereTheLimitAllowsIt) {
  std::thread::id there;
  EXPECT_EQ(with_enough_stack([&] {
              there = std::this_thread::get_id();
              return 3;
            }),
            3);
  rlimit limit{};
  ::getrlimit(RLIMIT_STACK, &limit);
  EXPECT_EQ(there == std::this_thread::get_id(), limit.rlim_cur >= kStackBytes);
}

}  // namespace
}  // namespace orrery
