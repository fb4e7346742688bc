#include "base/core/host.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <fstream>
#include <string>

namespace orrery {
namespace {

std::atomic<bool> counts_anew = false;

}  // namespace

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "an unknown host";
}

std::optional<std::int64_t> peak_host_memory() {
  constexpr const char* kPeak = "VmHWM:";
  if (!counts_anew) return std::nullopt;
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    std::int64_t kibibytes = 0;
    if (word == kPeak && status >> kibibytes) return kibibytes * 1024;
  }
  return std::nullopt;
}

void reset_peak_host_memory() {
  std::ofstream clear("/proc/self/clear_refs");
  clear << "5" << std::flush;  // proc(5): the peak of the resident size becomes the present one
  counts_anew = clear.good();
}

}  // namespace orrery
