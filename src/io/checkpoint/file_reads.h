#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <future>
#include <mutex>
#include <queue>
#include <string>
#include <thread>
#include <vector>

#include "base/core/handle.h"
#include "base/core/shard.h"

namespace orrery {

// A file that is open for reading. Thread-safe.
class InputFile {
 public:
  // Throws InputError when there is no such regular, readable file.
  explicit InputFile(std::filesystem::path path);

  const std::filesystem::path& path() const { return path_; }
  // Size when the file was opened [bytes].
  std::int64_t size() const { return size_; }
  // Reads these bytes. `what` says in messages what they belong to. Throws InputError when the file has become shorter,
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

// A slice of a tensor in a file: `count` runs of `run` bytes, `stride` bytes apart. The packed bytes are these runs one
// after another, without the gaps.
struct StridedBytes {
  std::int64_t begin = 0;
  std::int64_t run = 0;
  std::int64_t stride = 0;
  std::int64_t count = 1;

  std::int64_t size() const { return run * count; }
};

// The size of the pieces [bytes] in which the packed bytes are read: at most `largest`, and whole runs if a run fits.
std::int64_t piece_size(const StridedBytes& bytes, std::int64_t largest);

// Reads `piece` of the packed bytes. Long runs are read one by one, without the gaps; runs shorter than a page are read
// together with the gaps and then copied out. Throws like InputFile::read().
void read_packed(const InputFile& file, const StridedBytes& bytes, Range piece, std::byte* into,
                 const std::string& what);

// Threads that read files, so that several reads are under way at once. Reads begin in the order in which they were
// given; the destructor finishes those that remain.
class ReadThreads {
 public:
  explicit ReadThreads(std::size_t count);
  ReadThreads(const ReadThreads&) = delete;
  ReadThreads& operator=(const ReadThreads&) = delete;
  ~ReadThreads();

  // Queues `read`. The future holds what it throws.
  std::future<void> start(std::function<void()> read);

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable came_;
  std::queue<std::packaged_task<void()>> waiting_;
  bool over_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace orrery
