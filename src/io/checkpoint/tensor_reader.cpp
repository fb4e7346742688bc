#include "io/checkpoint/tensor_reader.h"

#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>
#include <deque>
#include <utility>

namespace orrery {
namespace {

// Calls action(piece) for the packed bytes in pieces of at most `largest` bytes, in order.
template <class Action>
void for_pieces(const StridedBytes& bytes, std::int64_t largest, const Action& action) {
  const std::int64_t size = piece_size(bytes, largest);
  for (std::int64_t at = 0; at < bytes.size(); at += size) action(Range{at, std::min(size, bytes.size() - at)});
}

// The reads under way. The destructor waits for them, since the memory that they write to may be freed afterwards.
class UnderWay {
 public:
  struct Read {
    std::future<void> done;
    StagingBuffer* buffer;  // null: read directly into the tensor
    Range piece;            // of the packed bytes
  };

  UnderWay() = default;
  UnderWay(const UnderWay&) = delete;
  UnderWay& operator=(const UnderWay&) = delete;
  ~UnderWay() {
    for (const Read& read : reads_) read.done.wait();
  }

  std::size_t count() const { return reads_.size(); }
  void add(Read read) { reads_.push_back(std::move(read)); }
  // Waits for the oldest read and returns it; rethrows its exception.
  Read take() {
    reads_.front().done.wait();
    Read read = std::move(reads_.front());
    reads_.pop_front();
    read.done.get();
    return read;
  }

 private:
  std::deque<Read> reads_;
};

}  // namespace

StagingBuffer::StagingBuffer(std::int64_t bytes, bool pinned)
    : bytes_(at::empty({bytes}, at::TensorOptions(at::kByte).pinned_memory(pinned))) {}

void StagingBuffer::wait() {
  if (copied_) copied_->synchronize();
  copied_.reset();
}

// Uses the current stream and no other: work queued there may still read the memory that `into` reuses.
void StagingBuffer::copy_to(at::Tensor into, at::ScalarType dtype) {
  const auto size = static_cast<std::int64_t>(c10::elementSize(dtype));
  const at::Tensor stored = bytes_.narrow(0, 0, into.numel() * size).view(dtype);
  if (into.is_cpu()) {
    into.copy_(stored);
    return;
  }
  // Converts on the device: a converting copy of LibTorch would go through a temporary in host memory and wait.
  const at::Tensor moved = into.scalar_type() == dtype ? into : at::empty(into.sizes(), into.options().dtype(dtype));
  moved.copy_(stored, /*non_blocking=*/true);
  if (!moved.is_same(into)) into.copy_(moved);
  const c10::impl::VirtualGuardImpl device(into.device().type());
  copied_.emplace(into.device().type());
  copied_->record(device.getStream(into.device()));
}

StagingRing::StagingRing(std::size_t count, std::int64_t buffer_bytes, bool pinned) : pinned_(pinned) {
  buffers_.reserve(count);
  for (std::size_t i = 0; i < count; ++i) buffers_.emplace_back(buffer_bytes, pinned);
}

StagingBuffer& StagingRing::next() {
  StagingBuffer& buffer = buffers_[next_];
  next_ = (next_ + 1) % buffers_.size();
  buffer.wait();
  return buffer;
}

ReadThreads& TensorReader::threads() {
  if (!threads_) threads_.emplace(sizes_.readers);
  return *threads_;
}

// The size that gives every reader an equal share, within the limits of ReadSizes.
std::int64_t TensorReader::largest_piece(const StridedBytes& bytes) const {
  const std::int64_t share = bytes.size() / static_cast<std::int64_t>(sizes_.readers) + 1;
  const std::int64_t whole = (share + sizes_.least_bytes - 1) / sizes_.least_bytes * sizes_.least_bytes;
  return std::min(whole, sizes_.piece_bytes);
}

void TensorReader::read(const StoredPiece& piece, at::Tensor into) {
  if (!into.is_contiguous()) {
    const at::Tensor whole = at::empty_like(into, at::MemoryFormat::Contiguous);
    read(piece, whole);
    into.copy_(whole);
  } else if (into.is_cpu() && into.scalar_type() == piece.dtype) {
    read_straight(piece, static_cast<std::byte*>(into.mutable_data_ptr()));
  } else {
    read_staged(piece, into.view(-1));
  }
}

void TensorReader::read_straight(const StoredPiece& piece, std::byte* into) {
  const std::string what = "tensor " + piece.name;
  const auto read = [&](Range part) { read_packed(piece.file, piece.bytes, part, into + part.begin, what); };
  if (piece.bytes.size() <= largest_piece(piece.bytes)) return read({0, piece.bytes.size()});
  UnderWay reads;
  for_pieces(piece.bytes, largest_piece(piece.bytes), [&](Range part) {
    reads.add({threads().start([&read, part] { read(part); }), nullptr, part});
  });
  while (reads.count() > 0) reads.take();
}

void TensorReader::read_staged(const StoredPiece& piece, at::Tensor into) {
  const bool pinned = !into.is_cpu();
  if (ring_ == nullptr || ring_->pinned() != pinned) {
    ring_ = std::make_unique<StagingRing>(sizes_.buffers, sizes_.piece_bytes, pinned);
  }
  const std::string what = "tensor " + piece.name;
  const auto element = static_cast<std::int64_t>(c10::elementSize(piece.dtype));
  UnderWay reads;
  const auto pass_on = [&] {
    const UnderWay::Read read = reads.take();
    read.buffer->copy_to(into.narrow(0, read.piece.begin / element, read.piece.size / element), piece.dtype);
  };
  for_pieces(piece.bytes, largest_piece(piece.bytes), [&](Range part) {
    if (reads.count() == ring_->count()) pass_on();
    StagingBuffer& buffer = ring_->next();
    const auto read = [&piece, &what, part, to = buffer.data()] {
      read_packed(piece.file, piece.bytes, part, to, what);
    };
    reads.add({threads().start(read), &buffer, part});
  });
  while (reads.count() > 0) pass_on();
}

}  // namespace orrery
