#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>

#include "base/core/handle.h"

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
// They are POSIX record locks, which network file systems support best. Two rules follow: the locks are lost when any
// other object or code of this process opens and closes the file, and locks of one process never conflict.
class FileLock {
 public:
  enum class Outcome {
    Taken,
    Busy,        // another process holds a conflicting range; nothing was taken
    Unavailable  // the file system has no locks; nothing was taken
  };

  // Opens the file, and creates it when missing. It is never removed, since processes that have it open would then not
  // conflict with those that open a new one. Throws Error.
  explicit FileLock(const std::filesystem::path& path);

  // Takes all ranges or none, without waiting. Throws Error for failures that are none of the outcomes.
  Outcome try_take(std::span<const LockRange> ranges);

  // Whether the path still names this file: it was neither removed nor replaced.
  bool is_in_place() const;

  // The beginning of the first exclusive range that another process holds; none when there is no such range.
  std::optional<std::int64_t> exclusive_elsewhere() const;

 private:
  std::filesystem::path path_;
  Descriptor file_;
};

}  // namespace orrery
