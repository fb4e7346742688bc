#pragma once

#include <ATen/ATen.h>
#include <c10/core/Event.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/checkpoint/file_reads.h"

namespace orrery {

// Host memory between a file and a device.
class StagingBuffer {
 public:
  StagingBuffer(std::int64_t bytes, bool pinned);

  std::byte* data() { return static_cast<std::byte*>(bytes_.mutable_data_ptr()); }
  // Waits until the device has finished the last copy from this buffer.
  void wait();
  // Copies the buffer's first numbers, of `dtype`, to `into`, as many as it has, and converts them. The copy of pinned
  // memory is queued on the device's current stream; other memory is copied at once.
  void copy_to(at::Tensor into, at::ScalarType dtype);

 private:
  at::Tensor bytes_;
  std::optional<c10::Event> copied_;
};

// Buffers that are used cyclically.
class StagingRing {
 public:
  StagingRing(std::size_t count, std::int64_t buffer_bytes, bool pinned);

  bool pinned() const { return pinned_; }
  std::size_t count() const { return buffers_.size(); }
  // The one that has not been used for the longest time.
  StagingBuffer& next();

 private:
  bool pinned_;
  std::vector<StagingBuffer> buffers_;
  std::size_t next_ = 0;
};

// Where a tensor's piece is stored.
struct StoredPiece {
  const InputFile& file;
  std::string name;  // of the tensor, for messages
  at::ScalarType dtype;
  StridedBytes bytes;
};

// How a reader works. Besides the tensors it needs piece_bytes · buffers of host memory, only where it has to stage.
struct ReadSizes {
  std::int64_t piece_bytes = std::int64_t{8} << 20;  // of the largest read, a multiple of 4
  std::int64_t least_bytes = std::int64_t{1} << 20;  // of the smallest read: smaller tensors are not divided
  std::size_t readers = 8;                           // reads under way
  std::size_t buffers = 12;                          // more, so that reading goes on while the device copies
};

// Fills tensors from files with several reads under way at once: on a CPU straight into the tensor, for a GPU or
// another dtype through a ring of staging buffers, from which the device copies while later pieces are being read.
// Buffers and threads are made when they are first needed and kept. One call at a time.
class TensorReader {
 public:
  explicit TensorReader(const ReadSizes& sizes = {}) : sizes_(sizes) {}

  // `into` has as many numbers as the piece, in its order; any floating dtype, any device. On CUDA the last copies may
  // still be queued on the current stream. Throws InputError naming file and tensor when the file is shorter than it
  // was, Error when it cannot be read.
  void read(const StoredPiece& piece, at::Tensor into);

 private:
  // Bytes of the largest single read when loading these packed bytes.
  std::int64_t largest_piece(const StridedBytes& bytes) const;
  void read_straight(const StoredPiece& piece, std::byte* into);
  void read_staged(const StoredPiece& piece, at::Tensor into);
  ReadThreads& threads();

  ReadSizes sizes_;
  std::optional<ReadThreads> threads_;
  std::unique_ptr<StagingRing> ring_;
};

}  // namespace orrery
