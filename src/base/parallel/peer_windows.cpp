#include "base/parallel/peer_windows.h"

#include <c10/cuda/CUDAStream.h>
#include <c10/util/accumulate.h>

#include <algorithm>

#include "base/core/error.h"

namespace orrery {
namespace {

// The memory grows in steps, so that requests with texts of similar length share it.
constexpr std::int64_t kStep = std::int64_t{2} << 20;

// Calls use(rank) for the other ranks, each rank in a different order, so that they do not all write to the same one.
template <class Use>
void for_others(const Shard& shard, const Use& use) {
  for (int distance = 1; distance < shard.size; ++distance) use((shard.rank + distance) % shard.size);
}

}  // namespace

bool PeerWindow::makes_room(std::int64_t bytes) {
  if (!problem_.empty() || bytes <= bytes_) return problem_.empty();
  memory_.reset();
  bytes_ = (bytes + kStep - 1) / kStep * kStep;
  memory_ = PeerMemory::make(group_, bytes_, problem_);
  exchange_ = 0;
  return problem_.empty();
}

at::Tensor PeerWindow::do_begin(at::IntArrayRef sizes, std::int64_t most, const at::TensorOptions& options) {
  require(tensor_.expired(), "an exchange began while tensors of the one before it were in use");
  const auto element = static_cast<std::int64_t>(options.dtype().itemsize());
  if (!makes_room(most * element)) return {};
  const cudaStream_t stream = transfer_stream(options.device().index());
  for_others(group_.shard(), [&](int rank) { memory_->wait(freed_by(rank), exchange_, stream); });
  ++exchange_;
  const auto free = [memory = std::weak_ptr(memory_), shard = group_.shard(), counter = freed_by(group_.shard().rank),
                     exchange = exchange_](void*) {
    const std::shared_ptr<PeerMemory> open = memory.lock();
    if (!open) return;
    try {
      for_others(shard, [&](int rank) { open->tell(rank, counter, exchange, current_stream()); });
    } catch (const Error&) {  // a broken GPU, which the next call reports too; nothing may leave a destructor
    }
  };
  const std::shared_ptr<void> tensor(memory_->at(0), free);
  tensor_ = tensor;
  return at::for_blob(tensor.get(), sizes)
      .deleter([tensor](void*) {})
      .options(options)
      .target_device(options.device())
      .make_tensor();
}

void PeerWindow::do_put(int to, const at::Tensor& rows, std::int64_t offset, std::int64_t pitch) {
  const auto element = static_cast<std::int64_t>(rows.element_size());
  const cudaStream_t stream = transfer_stream(rows.get_device());
  ready_.record(current_stream());
  ready_.hold(stream);
  memory_->write(to, offset * element, pitch * element,
                 {rows.const_data_ptr(), rows.size(0), rows.size(1) * element, rows.stride(0) * element}, stream);
  sending_.push_back(rows);
}

void PeerWindow::do_finish() {
  const Shard shard = group_.shard();
  const cudaStream_t stream = transfer_stream(c10::cuda::current_device());
  for_others(shard, [&](int rank) { memory_->tell(rank, arrived_from(shard.rank), exchange_, stream); });
  sent_.record(stream);
  sent_.hold(current_stream());  // the rows' memory may be used again by what the current stream does next
  for_others(shard, [&](int rank) { memory_->wait(arrived_from(rank), exchange_, current_stream()); });
  sending_.clear();
}

std::string PeerWindows::path(const std::string& other_way) const {
  for (const PeerWindow& window : windows_) {
    if (!window.problem().empty()) return path_without_peers(other_way, window.problem());
  }
  return windows_.front().in_use() ? path_through_peers() : "";
}

}  // namespace orrery
