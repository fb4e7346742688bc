#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <future>
#include <mutex>
#include <queue>
#include <thread>
#include <vector>

namespace orrery {

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
