#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/core/shard.h"

namespace orrery {

class Comm;

// The sum over ranks is `own`, or own + other where `other` is defined.
struct SumTerms {
  at::Tensor own;
  at::Tensor other;
};

// Communication within one group of ranks. Every call is collective: every rank of the group makes the same calls, in
// the same order, with tensors of the same shape and dtype (gather_to_root and exchange_rows say where shapes may
// differ). Tensors are contiguous and live on the group's device. On CUDA the work is queued on the current stream and
// nothing waits for it on the host. Errors throw Error.
class Collectives {
 public:
  virtual ~Collectives() = default;

  // This rank's place in the group.
  virtual Shard shard() const = 0;
  // x becomes the sum over ranks, in place, the same bits on every rank. float32, float64, int64, bfloat16 and float16
  // (these two on the CPU summed in float32 and rounded once).
  virtual void all_reduce_sum(at::Tensor& x) = 0;
  // Starts an asynchronous all-reduce of the matrix `x`, which overlaps what the current stream computes next. At most
  // two are under way; they finish in the order in which they started. Until then `x` must not be touched.
  virtual void start_sum(at::Tensor x);
  // Finishes the oldest all-reduce: the current stream waits for it. The returned terms may be read by work that is
  // queued before the next start_sum(). Of a pair of ranks each sees the same two terms, its own first.
  virtual SumTerms finish_sum();
  // The ranks' tensors joined along `dim` (negative: from the end), in rank order. May be x itself in a group of one.
  virtual at::Tensor all_gather(const at::Tensor& x, std::int64_t dim) = 0;
  // x of rank `root` replaces x everywhere.
  virtual void broadcast(at::Tensor& x, int root) = 0;
  // Sends `up` to rank - 1 and `down` to rank + 1, and returns {what rank - 1 sent down, what rank + 1 sent up}. The
  // first rank has nothing above and the last nothing below: undefined tensors. Shapes and dtype are the same on all
  // ranks; the shape of `up` may differ from that of `down`.
  virtual std::pair<at::Tensor, at::Tensor> exchange_rows(const at::Tensor& up, const at::Tensor& down) = 0;
  // Rank 0 gets every rank's tensor, in rank order; the others get nothing. Sizes along dimension 0 may differ; the
  // hosts exchange them, so the ranks wait for each other here, but not for any device.
  virtual std::vector<at::Tensor> gather_to_root(const at::Tensor& x) = 0;

 protected:
  // Throws Error when two all-reduces are under way.
  void require_turn() const;
  void enqueue(at::Tensor x);
  // Takes the tensor of the oldest all-reduce under way. Throws Error when there is none.
  at::Tensor dequeue();

 private:
  std::deque<at::Tensor> under_way_;
};

// The backend for `device`: a group of one is a no-op, CUDA uses NCCL (its unique id travels over `comm`), CPU uses
// MPI; ranks that share a GPU use MPI through host memory, for which the host waits (HostCollectives).
// Collective over `comm`, which must outlive the result.
std::unique_ptr<Collectives> make_collectives(const Comm& comm, at::Device device);

// Collectives whose asynchronous all-reduces (start_sum) can travel in several ways.
class TellsSumPath {
 public:
  virtual ~TellsSumPath() = default;
  // Which way they travel, in words; empty before the first.
  virtual std::string sum_path() const = 0;
};

// TellsSumPath::sum_path of `group`; empty when it has only one way.
std::string sum_path(const Collectives& group);

}  // namespace orrery
