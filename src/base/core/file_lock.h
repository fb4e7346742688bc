#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>

#include "base/core/descriptor.h"

namespace orrery {

// A range of positions in a lock file; nothing need be stored there. Two processes conflict where their ranges overlap
// and one of them is exclusive.
struct LockRange {
  std::int64_t begin = 0;
  std::int64_t size = 0;  // 0: all that follows
  bool exclusive = true;
};

// The locks of this process on one file, between processes and, where the file system takes part (NFS, Lustre mounted
// with flock, GPFS), between hosts. The kernel drops them when the process ends, however it ends.
//
// They are POSIX record locks, which every network file system knows best; these have two rules: no other object and no
// other code of the process may open the file, or the locks are lost, and within one process nothing conflicts.
class FileLock {
 public:
  enum class Outcome {
    Taken,
    Busy,        // another process holds a conflicting range; nothing was taken
    Unavailable  // the file system has no locks; nothing was taken
  };

  // Opens the file, made when missing; it is never removed, since that would part those who wait from those who come.
  // Throws Error.
  explicit FileLock(const std::filesystem::path& path);

  // Takes all ranges or none, without waiting. Throws Error for failures that are none of the outcomes.
  Outcome try_take(std::span<const LockRange> ranges);

  // Whether the file still has its name: not removed, nor another one in its place.
  bool is_in_place() const;

  // Where another process's first exclusive range begins; none: nobody holds one.
  std::optional<std::int64_t> exclusive_elsewhere() const;

 private:
  std::filesystem::path path_;
  Descriptor file_;
};

}  // namespace orrery
