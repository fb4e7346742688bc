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

// Sums over ranks that travel behind the current stream's work.
//
// Two ranks whose GPUs reach each other's memory give each other their terms with the copy engines, which take no
// multiprocessor from the computation, and whoever needs the sum adds up: in a prototype on two H200s that hid all of
// the traffic, and NCCL's kernels half of it. Everybody else sums with NCCL on a stream of its own.
class SumsBehind {
 public:
  using AllReduce = std::function<void(at::Tensor& x, cudaStream_t stream)>;  // queued on the stream

  // `comm` and what `all_reduce` needs must outlive it. `other_way`: all_reduce's, in the words of path().
  SumsBehind(const Comm& comm, AllReduce all_reduce, std::string other_way = "through NCCL");

  // As Collectives::start_sum and finish_sum. Collective; start() waits for the device when it meets a larger matrix
  // than ever before.
  void start(at::Tensor& x);
  // The current stream waits for the sum of `x`, the oldest under way; returns the other rank's term, or nothing when
  // x itself became the sum.
  at::Tensor finish(const at::Tensor& x);
  // As TellsSumPath::sum_path.
  std::string path() const;

 private:
  // A rank that begins its k-th sum has the peer's term of sum k - 2, so the peer is done with those of k - 4.
  static constexpr std::size_t kSlots = 4;

  bool makes_room(std::int64_t bytes);

  const Comm& comm_;
  AllReduce all_reduce_;
  bool pair_;  // still in the hope of peer memory
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
