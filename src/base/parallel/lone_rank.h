#pragma once

#include <c10/util/accumulate.h>

#include <array>
#include <cstddef>
#include <utility>
#include <vector>

#include "base/parallel/collectives.h"

namespace orrery {

// Rank 0 of a group whose other ranks do not exist, to measure the work of one rank alone: collectives leave or repeat
// this rank's own data and only count the traffic.
class LoneRank final : public Collectives {
 public:
  explicit LoneRank(int ranks) : ranks_(ranks) {}
  Shard shard() const override { return {0, ranks_}; }

 private:
  void do_all_reduce_sum(at::Tensor&) override {}
  at::Tensor do_all_gather(const at::Tensor& x, std::int64_t dim) override { return x.repeat_interleave(ranks_, dim); }
  void do_all_to_all(const std::vector<at::Tensor>&, const std::vector<at::Tensor>&) override {}
  RowWindow* do_window(int number) override { return &windows_.at(static_cast<std::size_t>(number)); }
  void do_broadcast(at::Tensor&, int) override {}
  std::pair<at::Tensor, at::Tensor> do_exchange_rows(const at::Tensor&, const at::Tensor&) override { return {}; }
  std::vector<at::Tensor> do_gather_to_root(const at::Tensor& x) override { return {x}; }

  // A window into which nobody writes. It keeps random rows in place of the other ranks': a GPU is faster with zeros.
  class RandomWindow final : public RowWindow {
   private:
    at::Tensor do_begin(at::IntArrayRef sizes, std::int64_t most, const at::TensorOptions& options) override {
      if (!memory_.defined() || memory_.numel() < most) memory_ = at::randn({most}, options);
      return memory_.narrow(0, 0, c10::multiply_integers(sizes)).view(sizes);
    }
    void do_put(int, const at::Tensor&, std::int64_t, std::int64_t) override {}
    void do_finish() override {}

    at::Tensor memory_;
  };

  int ranks_;
  std::array<RandomWindow, 2> windows_;
};

}  // namespace orrery
