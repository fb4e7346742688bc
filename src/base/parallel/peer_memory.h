#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <memory>
#include <string>

#include "base/parallel/comm.h"

namespace orrery {

// GPU memory of each rank of a pair into which the other rank writes: plain bytes, and counters with which the streams
// of the two GPUs wait for each other. The hosts take no part in the transfers.
class PeerMemory {
 public:
  static constexpr int kCounters = 16;

  // Null when the GPUs cannot access each other's memory (different hosts, no peer access, isolated processes) or lack
  // the memory; `problem` then says why, the same text on both ranks. `bytes` must be the same on both. Collective over
  // `pair`, which has two ranks and must outlive the result.
  static std::unique_ptr<PeerMemory> make(const Comm& pair, std::int64_t bytes, std::string& problem);
  PeerMemory(const PeerMemory&) = delete;
  PeerMemory& operator=(const PeerMemory&) = delete;
  // Waits for this GPU and frees the memory. Collective. While an exception unwinds, it only leaves the memory to the
  // end of the process.
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
  // What went wrong, in words; empty: nothing.
  std::string allocate(std::int64_t bytes, std::string& handle);
  std::string open(const std::string& handle);

  const Comm& pair_;
  std::byte* own_ = nullptr;
  std::byte* peer_ = nullptr;
};

}  // namespace orrery
