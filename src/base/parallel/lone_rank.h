#pragma once

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
  void do_broadcast(at::Tensor&, int) override {}
  std::pair<at::Tensor, at::Tensor> do_exchange_rows(const at::Tensor&, const at::Tensor&) override { return {}; }
  std::vector<at::Tensor> do_gather_to_root(const at::Tensor& x) override { return {x}; }

  int ranks_;
};

}  // namespace orrery
