#include "base/core/disk_space.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <limits>
#include <system_error>

#include "base/core/file.h"

namespace orrery {

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

std::string bytes_text(std::int64_t bytes) {
  constexpr std::array kUnits{"KiB", "MiB", "GiB", "TiB", "PiB"};
  if (bytes < 1024) return std::to_string(bytes) + " bytes";
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f %s", value, kUnits[unit]);
  return text.data();
}

}  // namespace orrery
