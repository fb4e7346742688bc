#include "base/core/disk_space.h"

#include <sys/statvfs.h>

#include <algorithm>
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

}  // namespace orrery
