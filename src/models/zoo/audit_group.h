#pragma once

#include "base/core/error.h"
#include "base/parallel/collectives.h"

namespace orrery {

// The group of an audit: layers that are built but never run only ask for their place in it.
class AuditGroup : public Collectives {
 public:
  explicit AuditGroup(Shard shard) : shard_(shard) {}
  Shard shard() const override { return shard_; }
  void all_reduce_sum(at::Tensor&) override { refuse(); }
  at::Tensor all_gather(const at::Tensor&, std::int64_t) override { refuse(); }
  void broadcast(at::Tensor&, int) override { refuse(); }
  std::pair<at::Tensor, at::Tensor> exchange_rows(const at::Tensor&, const at::Tensor&) override { refuse(); }
  std::vector<at::Tensor> gather_to_root(const at::Tensor&) override { refuse(); }

 private:
  [[noreturn]] static void refuse() { throw Error("a checkpoint audit does not communicate"); }
  Shard shard_;
};

}  // namespace orrery
