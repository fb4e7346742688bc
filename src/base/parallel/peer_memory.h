#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/parallel/comm.h"

namespace orrery {

// Rows of bytes in GPU memory.
struct ByteRows {
  const void* begin = nullptr;
  std::int64_t count = 0;
  std::int64_t width = 0;  // bytes of a row
  std::int64_t pitch = 0;  // bytes from the beginning of a row to that of the next
};

// GPU memory of each rank of a group, into which the other ranks write: a buffer of bytes, and counters by which the
// streams of the GPUs wait for each other. The hosts take no part in the transfers.
class PeerMemory {
 public:
  static constexpr int kCounters = 1024;

  // Null when the GPUs cannot access each other's memory (different hosts, no peer access, isolated processes), lack
  // the memory, or the environment variable ORRERY_PEER_MEMORY is 0 on a rank; `problem` then says why, the same text
  // on all ranks. `bytes` must be the same on all ranks. Collective over `group`, which must outlive the result.
  static std::unique_ptr<PeerMemory> make(const Comm& group, std::int64_t bytes, std::string& problem);
  PeerMemory(const PeerMemory&) = delete;
  PeerMemory& operator=(const PeerMemory&) = delete;
  // Waits for this GPU and frees the memory. Collective. While an exception unwinds, it does not wait for the other
  // ranks and is not collective.
  ~PeerMemory();

  // The bytes that other ranks wrote at `offset`.
  std::byte* at(std::int64_t offset) const { return own_ + kHeader + offset; }
  // Queues a copy of `rows` to rank `to`: row i goes to its at(offset + i · pitch). The copy engines make it.
  void write(int to, std::int64_t offset, std::int64_t pitch, const ByteRows& rows, cudaStream_t stream) const;
  // Queues setting `counter` of rank `to` to `value`.
  void tell(int to, int counter, std::uint32_t value, cudaStream_t stream) const;
  // Makes `stream` wait until this rank's `counter` has reached `value`, modulo 2^32.
  void wait(int counter, std::uint32_t value, cudaStream_t stream) const;

 private:
  static constexpr std::int64_t kHeader = kCounters * static_cast<std::int64_t>(sizeof(std::uint32_t));

  explicit PeerMemory(const Comm& group);
  // Return what went wrong, in words; empty when nothing did.
  std::string allocate(std::int64_t bytes, std::string& handle);
  std::string open(int rank, const std::string& handle);
  std::byte* of(int rank) const { return of_rank_[static_cast<std::size_t>(rank)]; }

  const Comm& group_;
  std::byte* own_ = nullptr;
  std::vector<std::byte*> of_rank_;  // the other ranks' memory; null for this rank
};

// The words for transfers through peer memory, and for those that go `other_way`, because of `problem` if there is one.
std::string path_through_peers();
std::string path_without_peers(const std::string& other_way, const std::string& problem);

// The stream on which this thread queues work.
cudaStream_t current_stream();

// The stream of `device` on which transfers to other GPUs are queued. Its priority is high, since other work always
// waits for them.
cudaStream_t transfer_stream(int device);

}  // namespace orrery
