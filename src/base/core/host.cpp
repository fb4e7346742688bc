#include "base/core/host.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <fstream>
#include <limits>
#include <string>
#include <system_error>

#include "base/core/file.h"

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

std::optional<std::int64_t> available_bytes(const std::filesystem::path& folder) {
  std::error_code error;
  const std::uintmax_t bytes = std::filesystem::space(folder, error).available;
  if (error || bytes > std::uintmax_t{std::numeric_limits<std::int64_t>::max()}) return std::nullopt;
  return static_cast<std::int64_t>(bytes);
}

std::optional<std::int64_t> available_files(const std::filesystem::path& folder) {
  struct statvfs disk {};
  if (::statvfs(folder.c_str(), &disk) != 0 || disk.f_files == 0) return std::nullopt;
  constexpr auto kMost = static_cast<fsfilcnt_t>(std::numeric_limits<std::int64_t>::max());
  return static_cast<std::int64_t>(std::min(disk.f_favail, kMost));
}

std::filesystem::path nearest_existing(const std::filesystem::path& folder) {
  std::filesystem::path existing = std::filesystem::absolute(folder);
  while (!is_there(existing) && existing.has_relative_path()) existing = existing.parent_path();
  return existing;
}

}  // namespace orrery
