#include "base/parallel/sums_behind.h"

#include <c10/cuda/CUDAStream.h>

#include <utility>

#include "base/core/error.h"

namespace orrery {
namespace {

cudaStream_t current() { return c10::cuda::getCurrentCUDAStream().stream(); }

// Of high priority: what it carries is always waited for.
cudaStream_t side(c10::DeviceIndex device) {
  static const c10::cuda::CUDAStream kStream = c10::cuda::getStreamFromPool(/*isHighPriority=*/true, device);
  return kStream.stream();
}

}  // namespace

SumsBehind::SumsBehind(const Comm& comm, AllReduce all_reduce, std::string other_way)
    : comm_(comm),
      all_reduce_(std::move(all_reduce)),
      pair_(comm.shard().size == 2),
      other_way_(std::move(other_way)) {}

// Whether peer memory can take sums of `bytes`.
bool SumsBehind::makes_room(std::int64_t bytes) {
  if (!pair_ || bytes <= slot_bytes_) return pair_;
  require(started_ == finished_, "a larger sum over ranks began while another was under way");
  peer_.reset();
  peer_ = PeerMemory::make(comm_, bytes * static_cast<std::int64_t>(kSlots), no_peer_);
  pair_ = peer_ != nullptr;
  slot_bytes_ = bytes;
  return pair_;
}

std::string SumsBehind::path() const {
  if (started_ == 0) return "";
  if (peer_) return "through each other's GPU memory";
  return no_peer_.empty() ? other_way_ : other_way_ + ", since not through each other's GPU memory: " + no_peer_;
}

void SumsBehind::start(at::Tensor& x) {
  const bool to_peer = makes_room(static_cast<std::int64_t>(x.nbytes()));
  const std::size_t slot = started_ % kSlots;
  const cudaStream_t stream = side(x.get_device());
  ready_.record(current());
  ready_.hold(stream);
  ++started_;
  if (to_peer) {
    peer_->write(static_cast<std::int64_t>(slot) * slot_bytes_, x.const_data_ptr(),
                 static_cast<std::int64_t>(x.nbytes()), static_cast<int>(slot), started_, stream);
  } else {
    all_reduce_(x, stream);
  }
  done_[slot].record(stream);
}

at::Tensor SumsBehind::finish(const at::Tensor& x) {
  const std::size_t slot = finished_ % kSlots;
  ++finished_;
  done_[slot].hold(current());  // also keeps x's memory from being used again before the peer has it
  if (!pair_) return {};
  peer_->wait(static_cast<int>(slot), finished_, current());
  return at::for_blob(peer_->at(static_cast<std::int64_t>(slot) * slot_bytes_), x.sizes())
      .options(x.options())
      .target_device(x.device())
      .make_tensor();
}

}  // namespace orrery
