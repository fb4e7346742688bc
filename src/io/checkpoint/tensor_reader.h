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

// A buffer in host memory, used between a file and a device.
class StagingBuffer {
 public:
  StagingBuffer(std::int64_t bytes, bool pinned);

  std::byte* data() { return static_cast<std::byte*>(bytes_.mutable_data_ptr()); }
  // Waits until the device has finished the last copy from this buffer.
  void wait();
  // Copies the buffer's first into.numel() numbers, which have type `dtype`, to `into` and converts them. From pinned
  // memory the copy is queued on the device's current stream; otherwise it is done at once.
  void copy_to(at::Tensor into, at::ScalarType dtype);

 private:
  at::Tensor bytes_;
  std::optional<c10::Event> copied_;
};

// A ring of buffers, used cyclically.
class StagingRing {
 public:
  StagingRing(std::size_t count, std::int64_t buffer_bytes, bool pinned);

  bool pinned() const { return pinned_; }
  std::size_t count() const { return buffers_.size(); }
  // The buffer that has been unused for the longest time.
  StagingBuffer& next();

 private:
  bool pinned_;
  std::vector<StagingBuffer> buffers_;
  std::size_t next_ = 0;
};

// Where a piece of a tensor is stored.
struct StoredPiece {
  const InputFile& file;
  std::string name;  // the tensor's name, for messages
  at::ScalarType dtype;
  StridedBytes bytes;
};

// Sizes that a reader works with. When it has to stage, it needs piece_bytes · buffers of host memory beside the
// tensors.
struct ReadSizes {
  std::int64_t piece_bytes = std::int64_t{8} << 20;  // largest read, a multiple of 4
  std::int64_t least_bytes = std::int64_t{1} << 20;  // smallest read: smaller tensors are not divided
  std::size_t readers = 8;                           // reads under way at once
  std::size_t buffers = 12;                          // more than readers, so that reading continues during copies
};

// Fills tensors from files with several reads under way at once. It reads directly into CPU tensors of the stored
// dtype; for a GPU or another dtype it reads through a ring of staging buffers, and the device copies earlier pieces
// meanwhile. Buffers and threads are made when first needed, and kept. Not thread-safe.
class TensorReader {
 public:
  explicit TensorReader(const ReadSizes& sizes = {}) : sizes_(sizes) {}

  // `into` must have as many elements as the piece, in the same order; any floating dtype, any device. On CUDA the last
  // copies may still be queued on the current stream. Throws InputError naming file and tensor when the file is shorter
  // than it was, Error when it cannot be read.
  void read(const StoredPiece& piece, at::Tensor into);

 private:
  // Largest single read [bytes] when loading these packed bytes.
  std::int64_t largest_piece(const StridedBytes& bytes) const;
  void read_straight(const StoredPiece& piece, std::byte* into);
  void read_staged(const StoredPiece& piece, at::Tensor into);
  ReadThreads& threads();

  ReadSizes sizes_;
  std::optional<ReadThreads> threads_;
  std::unique_ptr<StagingRing> ring_;
};

}  // namespace orrery
