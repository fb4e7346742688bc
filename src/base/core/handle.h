#pragma once

#include <unistd.h>

#include <utility>

namespace orrery {

// Sole owner of a C handle. Traits give `type`, `null()` and a `close(type)` that never throws. "Empty" is part of the
// type because an invalid hid_t is -1 and a null communicator need not be zero.
template <class Traits>
class UniqueHandle {
 public:
  using type = typename Traits::type;

  UniqueHandle() = default;
  explicit UniqueHandle(type handle) noexcept : handle_(handle) {}
  UniqueHandle(UniqueHandle&& other) noexcept : handle_(other.release()) {}
  UniqueHandle& operator=(UniqueHandle&& other) noexcept {
    if (this != &other) reset(other.release());
    return *this;
  }
  UniqueHandle(const UniqueHandle&) = delete;
  UniqueHandle& operator=(const UniqueHandle&) = delete;
  ~UniqueHandle() { reset(); }

  type get() const noexcept { return handle_; }
  bool empty() const noexcept { return handle_ == Traits::null(); }
  type release() noexcept { return std::exchange(handle_, Traits::null()); }
  void reset(type handle = Traits::null()) noexcept {
    const type old = std::exchange(handle_, handle);
    if (old != Traits::null()) Traits::close(old);
  }

 private:
  type handle_ = Traits::null();
};

struct DescriptorTraits {
  using type = int;
  static type null() noexcept { return -1; }
  static void close(type descriptor) noexcept { ::close(descriptor); }
};

// Sole owner of an open file.
using Descriptor = UniqueHandle<DescriptorTraits>;

}  // namespace orrery
