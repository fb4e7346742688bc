#pragma once

#include <atomic>
#include <cstdint>
#include <thread>

// This process's resident memory in bytes, from /proc/self/status.
struct Memory {
  std::int64_t peak = 0;       // VmHWM: the most there ever was
  std::int64_t resident = 0;   // VmRSS
  std::int64_t anonymous = 0;  // RssAnon: what no file backs

  static Memory now();
};

// Watches from a thread, every millisecond: the kernel keeps the peak of the sum only.
class AnonymousPeak {
 public:
  AnonymousPeak();
  AnonymousPeak(const AnonymousPeak&) = delete;
  AnonymousPeak& operator=(const AnonymousPeak&) = delete;
  ~AnonymousPeak();
  // Bytes, the most seen so far.
  std::int64_t peak() const { return peak_; }

 private:
  void watch();

  std::atomic<bool> stop_ = false;
  std::atomic<std::int64_t> peak_ = 0;
  std::thread thread_;
};
