#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <memory>
#include <string>

#include "base/parallel/comm.h"

namespace orrery {

// GPU memory of this rank that the other rank of a pair writes into, and the other's, into which this one writes: plain
// bytes, and a row of counters beside them with which streams wait for each other. No host takes part.
class PeerMemory {
 public:
  static constexpr int kCounters = 16;

  // Nothing when the two GPUs cannot reach each other (other hosts, no peer access, processes kept apart) or lack the
  // memory; `problem` then says why, the same on both. `bytes` is the same on both. Collective over `pair`, which has
  // two ranks and must outlive the result.
  static std::unique_ptr<PeerMemory> make(const Comm& pair, std::int64_t bytes, std::string& problem);
  PeerMemory(const PeerMemory&) = delete;
  PeerMemory& operator=(const PeerMemory&) = delete;
  // Collective, and waits for this GPU; while an exception unwinds it only lets go.
  ~PeerMemory();

  // What the peer wrote at `offset`.
  std::byte* at(std::int64_t offset) const { return own_ + kHeader + offset; }
  // Queues a copy of `size` bytes to the peer's at(offset), then the peer's counter becomes `value`.
  void write(std::int64_t offset, const void* from, std::int64_t size, int counter, std::uint32_t value,
             cudaStream_t stream) const;
  // `stream` waits until this rank's counter has reached `value`, modulo 2^32.
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
