#include <gtest/gtest.h>

#include <fstream>
#include <vector>

#include "base/core/host.h"

namespace orrery {
namespace {

// Asked of the system without the code under test.
bool system_counts_anew() {
  std::ofstream clear("/proc/self/clear_refs");
  return (clear << "5" << std::flush).good();
}

TEST(HostMemory, PeakIsKnownWhereTheSystemCountsItAnew) {
  EXPECT_FALSE(peak_host_memory()) << "of the whole process, not of a clip";
  reset_peak_host_memory();
  EXPECT_EQ(peak_host_memory().has_value(), system_counts_anew());
}

TEST(HostMemory, PeakIsCountedAnew) {
  constexpr std::size_t kLarge = std::size_t{256} << 20;
  if (!system_counts_anew()) GTEST_SKIP() << "this system does not let a process count its peak anew";
  reset_peak_host_memory();
  const auto touch = [](std::size_t bytes) { EXPECT_NE(std::vector<char>(bytes, 'x').back(), 'y'); };
  const std::int64_t before = peak_host_memory().value();
  touch(kLarge);
  EXPECT_GT(peak_host_memory().value(), before + static_cast<std::int64_t>(kLarge) / 2);
  reset_peak_host_memory();
  EXPECT_LT(peak_host_memory().value(), before + static_cast<std::int64_t>(kLarge) / 2);
}

}  // namespace
}  // namespace orrery
