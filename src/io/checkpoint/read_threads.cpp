#include "io/checkpoint/read_threads.h"

#include <utility>

namespace orrery {

ReadThreads::ReadThreads(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) threads_.emplace_back([this] { work(); });
}

ReadThreads::~ReadThreads() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  came_.notify_all();
}

std::future<void> ReadThreads::start(std::function<void()> read) {
  std::packaged_task<void()> task(std::move(read));
  std::future<void> done = task.get_future();
  {
    const std::lock_guard lock(mutex_);
    waiting_.push(std::move(task));
  }
  came_.notify_one();
  return done;
}

void ReadThreads::work() {
  while (true) {
    std::unique_lock lock(mutex_);
    came_.wait(lock, [this] { return over_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    std::packaged_task<void()> task = std::move(waiting_.front());
    waiting_.pop();
    lock.unlock();
    task();
  }
}

}  // namespace orrery
