#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/device/cuda_event.h"
#include "base/parallel/comm.h"
#include "base/parallel/peer_memory.h"
#include "base/parallel/row_window.h"

namespace orrery {

// A window in the GPU memory of ranks that can access each other's. The copy engines write into it, which occupy no
// multiprocessor.
class PeerWindow final : public RowWindow {
 public:
  // `group` must outlive the object.
  explicit PeerWindow(const Comm& group) : group_(group) {}

  // Why there is no memory, in words; empty if there is, or when none was needed yet.
  const std::string& problem() const { return problem_; }
  bool in_use() const { return memory_ != nullptr; }

 private:
  at::Tensor do_begin(at::IntArrayRef sizes, std::int64_t most, const at::TensorOptions& options) override;
  void do_put(int to, const at::Tensor& rows, std::int64_t offset, std::int64_t pitch) override;
  void do_finish() override;

  // Whether the memory holds `bytes`; enlarges it when needed.
  bool makes_room(std::int64_t bytes);
  // The counters of a rank's memory: the exchange of which another rank has written everything, and the exchange whose
  // memory on another rank is free again.
  int arrived_from(int rank) const { return rank; }
  int freed_by(int rank) const { return group_.shard().size + rank; }

  const Comm& group_;
  std::shared_ptr<PeerMemory> memory_;  // tensors that share it only have weak pointers
  std::string problem_;
  std::int64_t bytes_ = 0;
  std::uint32_t exchange_ = 0;       // number of the last one that has begun in memory_
  std::weak_ptr<void> tensor_;       // expires with the last tensor of that exchange
  std::vector<at::Tensor> sending_;  // rows that must stay allocated
  CudaEvent ready_;
  CudaEvent sent_;
};

// The windows of one group.
class PeerWindows {
 public:
  explicit PeerWindows(const Comm& group) : windows_{PeerWindow(group), PeerWindow(group)} {}
  // Null when this window has a problem().
  PeerWindow* at(int number) {
    PeerWindow& window = windows_.at(static_cast<std::size_t>(number));
    return window.problem().empty() ? &window : nullptr;
  }

  // Implements TellsPaths::window_path().
  std::string path(const std::string& other_way) const;

 private:
  std::array<PeerWindow, 2> windows_;
};

}  // namespace orrery
