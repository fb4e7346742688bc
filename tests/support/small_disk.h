#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace orrery {

// A disk of a test's own, in memory, mounted on an empty folder. Nobody else sees it: the test program goes into a
// mount namespace of its own, where the disk ends with the program, however that ends.
class SmallDisk {
 public:
  // `files` (inodes) counts the root folder; 0: without a limit. Throws Error when there is a reason why none can be
  // had.
  SmallDisk(std::filesystem::path folder, std::int64_t bytes, std::int64_t files = 0);
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  ~SmallDisk();

  // Takes all that is left, to the last byte; and gives it back.
  void fill() const;
  void free_up() const;

  // Why this machine lets no test mount a disk; "" when it does, as it does for root and with user namespaces.
  static std::string why_none();

 private:
  std::filesystem::path folder_;
};

}  // namespace orrery
