#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

#include "base/core/handle.h"
#include "base/core/shard.h"

namespace orrery {

// A file open for reading, by several threads at once.
class InputFile {
 public:
  // Throws InputError when there is no such regular, readable file.
  explicit InputFile(std::filesystem::path path);

  const std::filesystem::path& path() const { return path_; }
  // Bytes, when the file was opened.
  std::int64_t size() const { return size_; }
  // Reads these bytes. `what` says in messages what they are for. Throws InputError when the file has become shorter,
  // Error when the disk or the network fails.
  void read(Range bytes, std::byte* into, const std::string& what) const;
  // Starts reading these bytes from disk, without waiting for them. Advice only.
  void will_need(Range bytes) const noexcept;
  // Drops the file's pages from the page cache, except those that are mapped or not yet written. Advice only.
  void drop_from_cache() const noexcept;

 private:
  std::filesystem::path path_;
  std::int64_t size_ = 0;
  Descriptor file_;
};

}  // namespace orrery
