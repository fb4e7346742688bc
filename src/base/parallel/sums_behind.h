#pragma once

#include <ATen/ATen.h>
#include <cuda_runtime_api.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/device/cuda_event.h"
#include "base/parallel/comm.h"
#include "base/parallel/peer_memory.h"

namespace orrery {

// Asynchronous all-reduces, which overlap the current stream's work.
//
// Two ranks whose GPUs can access each other's memory exchange their terms by the copy engines, which occupy no
// multiprocessor, and the reader of the sum adds the two terms. In a prototype on two H200s this hid all of the
// traffic, NCCL's kernels only half of it. All other groups use NCCL on a separate stream.
class SumsBehind {
 public:
  using AllReduce = std::function<void(at::Tensor& x, cudaStream_t stream)>;  // queued on the stream

  // `comm` and what `all_reduce` captures must outlive the object. `other_way` describes `all_reduce` for path().
  SumsBehind(const Comm& comm, AllReduce all_reduce, std::string other_way = "through NCCL");

  // Implements Collectives::start_sum. Waits for the device when the matrix is larger than all earlier ones.
  // Collective.
  void start(at::Tensor& x);
  // Implements Collectives::finish_sum for `x`, the oldest all-reduce under way. Returns the peer's term, or an
  // undefined tensor when `x` itself became the sum. Collective.
  at::Tensor finish(const at::Tensor& x);
  // Implements TellsPaths::sum_path.
  std::string path() const;

 private:
  // A rank that starts sum k has received the peer's term of sum k - 2, so the peer is done with the buffers of sum k -
  // 4.
  static constexpr std::size_t kSlots = 4;

  bool makes_room(std::int64_t bytes);

  const Comm& comm_;
  AllReduce all_reduce_;
  bool pair_;  // a pair whose peer memory has not failed
  std::unique_ptr<PeerMemory> peer_;
  std::string other_way_;
  std::string no_peer_;  // why there is no peer memory
  std::int64_t slot_bytes_ = 0;
  std::array<CudaEvent, kSlots> done_;
  CudaEvent ready_;
  std::uint32_t started_ = 0;
  std::uint32_t finished_ = 0;
};

}  // namespace orrery
