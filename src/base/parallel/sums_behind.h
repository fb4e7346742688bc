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

namespace orrery {

// GPU memory of each rank of a pair, into which the peer writes: a buffer of bytes, and counters by which the streams
// of the two GPUs wait for each other. The hosts take no part in the transfers.
class PeerMemory {
 public:
  static constexpr int kCounters = 16;

  // Null when the GPUs cannot access each other's memory (different hosts, no peer access, isolated processes) or lack
  // the memory; `problem` then says why, the same text on both ranks. `bytes` must be the same on both ranks.
  // Collective over `pair`, which has two ranks and must outlive the result.
  static std::unique_ptr<PeerMemory> make(const Comm& pair, std::int64_t bytes, std::string& problem);
  PeerMemory(const PeerMemory&) = delete;
  PeerMemory& operator=(const PeerMemory&) = delete;
  // Waits for this GPU and frees the memory. Collective. While an exception unwinds, it does not wait for the peer and
  // is not collective.
  ~PeerMemory();

  // The bytes that the peer wrote at `offset`.
  std::byte* at(std::int64_t offset) const { return own_ + kHeader + offset; }
  // Queues a copy of `size` bytes to the peer's at(offset), and then sets the peer's `counter` to `value`.
  void write(std::int64_t offset, const void* from, std::int64_t size, int counter, std::uint32_t value,
             cudaStream_t stream) const;
  // Makes `stream` wait until this rank's `counter` has reached `value`, modulo 2^32.
  void wait(int counter, std::uint32_t value, cudaStream_t stream) const;

 private:
  static constexpr std::int64_t kHeader = 4096;  // bytes: the counters

  explicit PeerMemory(const Comm& pair) : pair_(pair) {}
  // Return what went wrong, in words; empty when nothing did.
  std::string allocate(std::int64_t bytes, std::string& handle);
  std::string open(const std::string& handle);

  const Comm& pair_;
  std::byte* own_ = nullptr;
  std::byte* peer_ = nullptr;
};

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
  // Implements TellsSumPath::sum_path.
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
