#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "app/bench/report.h"

namespace orrery {
namespace {

TEST(Nvml, TellsAGpusState) {
  const auto nvml = Nvml::load(ORRERY_FAKE_NVML);
  ASSERT_NE(nvml, nullptr);
  const auto state = nvml->state("GPU-1");
  ASSERT_TRUE(state.has_value());
  EXPECT_EQ(state->sm_mhz, 1980);
  EXPECT_EQ(state->memory_mhz, 2619);
  EXPECT_EQ(state->power_w, 120.5);
  EXPECT_EQ(state->temperature_c, 34);
  EXPECT_FALSE(nvml->state("GPU-2").has_value());
}

TEST(Nvml, MayBeMissing) {
  EXPECT_EQ(Nvml::load("libno-such-library.so.1"), nullptr);
  EXPECT_EQ(Nvml::load("libc.so.6"), nullptr);  // without NVML's functions
}

TEST(ClockWatch, SeesWhatNvmlSays) {
  ClockWatch watch(Nvml::load(ORRERY_FAKE_NVML), "GPU-1");
  Json seen;
  while (seen.is_null()) {
    std::this_thread::yield();
    seen = watch.seen();
  }
  EXPECT_EQ(seen["sm_mhz"], 1980);
  EXPECT_EQ(seen["power_w"], 120.5);
  EXPECT_EQ(watch.seen(), seen);  // no new reading: the earlier one
}

TEST(ClockWatch, SeesNothingWhereThereIsNothing) {
  ClockWatch no_gpu(Nvml::load(ORRERY_FAKE_NVML), "GPU-2");
  ClockWatch no_nvml(nullptr, "GPU-1");
  EXPECT_TRUE(no_gpu.seen().is_null());
  EXPECT_TRUE(no_nvml.seen().is_null());
}

}  // namespace
}  // namespace orrery
