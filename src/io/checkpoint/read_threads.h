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

// Threads that wait for files, so that several reads are under way at once. Work begins in the order in which it came;
// what is left when the object goes is still done.
class ReadThreads {
 public:
  explicit ReadThreads(std::size_t count);
  ReadThreads(const ReadThreads&) = delete;
  ReadThreads& operator=(const ReadThreads&) = delete;
  ~ReadThreads();

  // The future has what `read` throws.
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
