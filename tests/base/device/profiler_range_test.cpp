#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nvtx3/nvToolsExt.h>

#include <string>
#include <vector>

#include "base/device/gpu.h"

namespace orrery {
namespace {

using testing::ElementsAre;

// What a profiler in this process saw: names of ranges that begin, and "end".
std::vector<std::string>& seen() {
  static std::vector<std::string> events;
  return events;
}

int begin(const char* name) {
  seen().emplace_back(name);
  return 0;
}

int end() {
  seen().emplace_back("end");
  return 0;
}

// Takes the place of a profiler: NVTX asks for it at the first range.
int listen(NvtxGetExportTableFunc_t tables) {
  const auto* const callbacks = static_cast<const NvtxExportTableCallbacks*>(tables(NVTX_ETID_CALLBACKS));
  NvtxFunctionTable functions = nullptr;
  unsigned int size = 0;
  callbacks->GetModuleFunctionTable(NVTX_CB_MODULE_CORE, &functions, &size);
  *functions[NVTX_CBID_CORE_RangePushA] = reinterpret_cast<NvtxFunctionPointer>(&begin);
  *functions[NVTX_CBID_CORE_RangePop] = reinterpret_cast<NvtxFunctionPointer>(&end);
  return 1;
}

TEST(ProfilerRange, IsWhatAProfilerSees) {
  InitializeInjectionNvtx2_fnptr = &listen;  // where NVTX looks for a profiler within the program
  {
    const ProfilerRange step("step");
    const ProfilerRange branch("branch");
  }
  EXPECT_THAT(seen(), ElementsAre("step", "branch", "end", "end"));
}

}  // namespace
}  // namespace orrery
