#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>

#include "core/shard.h"

namespace orrery {

// A file mapped read-only. Its bytes live in the page cache, which the ranks of a node share: nothing is copied until
// somebody reads. The file must not shrink while it is mapped.
class MappedFile {
 public:
  // Throws InputError when there is no such regular, readable file; Error when it cannot be mapped.
  explicit MappedFile(const std::filesystem::path& path);

  const std::byte* data() const { return bytes_.get(); }
  std::int64_t size() const { return size_; }
  // Starts reading these bytes from disk, without waiting for them.
  void prefetch(Range bytes) const noexcept;
  // These bytes no longer count as this process's memory; they stay in the page cache, and can be read again.
  void release(Range bytes) const noexcept;

 private:
  struct Unmap {
    std::size_t size;
    void operator()(const std::byte* data) const noexcept;
  };
  void advise(Range bytes, int advice) const noexcept;

  std::int64_t size_ = 0;
  std::unique_ptr<const std::byte, Unmap> bytes_;
};

}  // namespace orrery
