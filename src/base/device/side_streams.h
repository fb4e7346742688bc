#pragma once

#include <ATen/ATen.h>
#include <c10/core/Event.h>
#include <c10/core/Stream.h>
#include <c10/core/StreamGuard.h>

#include <array>
#include <cstddef>
#include <optional>

namespace orrery {

// Runs independent kernels so that each begins where the one before leaves multiprocessors idle: two streams take them
// in turn. On a CPU, work just runs.
class SideStreams {
 public:
  // The work follows what is queued on the current stream now.
  explicit SideStreams(at::Device device);

  // Queues `work` on the next of the two streams, which is current meanwhile. Memory that it allocates must not be
  // freed before join(), unless only this stream has used it.
  template <class Work>
  void run(const Work& work) {
    if (!streams_) return work();
    const c10::StreamGuard guard((*streams_)[next_]);
    next_ = 1 - next_;
    work();
  }
  // Makes the current stream wait for all of the work.
  void join() const;

 private:
  std::optional<std::array<c10::Stream, 2>> streams_;
  std::size_t next_ = 0;
};

}  // namespace orrery
