#include "base/parallel/sums_behind.h"

#include <utility>

#include "base/core/error.h"
#include "base/device/cuda_event.h"

namespace orrery {

SumsBehind::SumsBehind(const Comm& comm, AllReduce all_reduce, std::string other_way)
    : comm_(comm),
      all_reduce_(std::move(all_reduce)),
      pair_(comm.shard().size == 2),
      other_way_(std::move(other_way)) {}

// Whether peer memory can hold sums of `bytes`; enlarges it when needed.
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
  return peer_ ? path_through_peers() : path_without_peers(other_way_, no_peer_);
}

void SumsBehind::start(at::Tensor& x) {
  const bool to_peer = makes_room(static_cast<std::int64_t>(x.nbytes()));
  const std::size_t slot = started_ % kSlots;
  const cudaStream_t stream = transfer_stream(x.get_device());
  ready_.record(current_stream());
  ready_.hold(stream);
  ++started_;
  if (to_peer) {
    const auto bytes = static_cast<std::int64_t>(x.nbytes());
    const int peer = 1 - comm_.shard().rank;
    peer_->write(peer, static_cast<std::int64_t>(slot) * slot_bytes_, bytes, {x.const_data_ptr(), 1, bytes, bytes},
                 stream);
    peer_->tell(peer, static_cast<int>(slot), started_, stream);
  } else {
    all_reduce_(x, stream);
  }
  done_[slot].record(stream);
}

at::Tensor SumsBehind::finish(const at::Tensor& x) {
  const std::size_t slot = finished_ % kSlots;
  ++finished_;
  done_[slot].hold(current_stream());  // also keeps x's memory from reuse before the peer has read it
  if (!pair_) return {};
  peer_->wait(static_cast<int>(slot), finished_, current_stream());
  return at::for_blob(peer_->at(static_cast<std::int64_t>(slot) * slot_bytes_), x.sizes())
      .options(x.options())
      .target_device(x.device())
      .make_tensor();
}

}  // namespace orrery
