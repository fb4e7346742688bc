#pragma once

#include <ATen/ATen.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "base/core/shard.h"

namespace orrery {

// The sum over ranks is `own`, or own + other where `other` is defined.
struct SumTerms {
  at::Tensor own;
  at::Tensor other;
};

// What is counted apart. Other: broadcasts, rows of neighbours, tensors for rank 0.
enum class ExchangeKind { Sum, Gather, AllToAll, Other };

// What one rank has sent to the others of a group.
struct Traffic {
  std::int64_t calls = 0;
  double bytes = 0;  // by an algorithm that sends least: a ring for sums
};

// Communication within one group of ranks. Every call is collective: every rank of the group makes the same calls, in
// the same order, with tensors of the same shape and dtype (all_to_all, gather_to_root and exchange_rows say where
// shapes may differ). Tensors are contiguous and live on the group's device. On CUDA the work is queued on the current
// stream and nothing waits for it on the host. Errors throw Error.
class Collectives {
 public:
  Collectives() = default;
  Collectives(const Collectives&) = delete;
  Collectives& operator=(const Collectives&) = delete;
  virtual ~Collectives() = default;

  // This rank's place in the group.
  virtual Shard shard() const = 0;
  // x becomes the sum over ranks, in place, the same bits on every rank. float32, float64, int64, bfloat16 and float16
  // (these two on the CPU summed in float32 and rounded once).
  void all_reduce_sum(at::Tensor& x);
  // Starts an asynchronous all-reduce of the matrix `x`, which overlaps what the current stream computes next. At most
  // two are under way; they finish in the order in which they started. Until then `x` must not be touched.
  void start_sum(at::Tensor x);
  // Finishes the oldest all-reduce: the current stream waits for it. The returned terms may be read by work that is
  // queued before the next start_sum(). Of a pair of ranks each sees the same two terms, its own first.
  SumTerms finish_sum() { return do_finish_sum(); }
  // The ranks' tensors joined along `dim` (negative: from the end), in rank order. May be x itself in a group of one.
  at::Tensor all_gather(const at::Tensor& x, std::int64_t dim);
  // Sends to[r] to rank r and fills from[r] with what rank r sends here; an entry for each rank of the group. Of two
  // ranks, one's `to` has the bytes of the other's `from`; shares may differ in size, and be empty. What a rank sends
  // itself is copied, unless it lies in its place already.
  void all_to_all(const std::vector<at::Tensor>& to, const std::vector<at::Tensor>& from);
  // x of rank `root` replaces x everywhere.
  void broadcast(at::Tensor& x, int root);
  // Sends `up` to rank - 1 and `down` to rank + 1, and returns {what rank - 1 sent down, what rank + 1 sent up}. The
  // first rank has nothing above and the last nothing below: undefined tensors. Shapes and dtype are the same on all
  // ranks; the shape of `up` may differ from that of `down`.
  std::pair<at::Tensor, at::Tensor> exchange_rows(const at::Tensor& up, const at::Tensor& down);
  // Rank 0 gets every rank's tensor, in rank order; the others get nothing. Sizes along dimension 0 may differ; the
  // hosts exchange them, so the ranks wait for each other here, but not for any device.
  std::vector<at::Tensor> gather_to_root(const at::Tensor& x);

  // Since this object was made; nothing in a group of one. No communication.
  const Traffic& traffic(ExchangeKind kind) const { return traffic_[static_cast<std::size_t>(kind)]; }

 protected:
  // Throws Error when two all-reduces are under way.
  void require_turn() const;
  void enqueue(at::Tensor x);
  // Takes the tensor of the oldest all-reduce under way. Throws Error when there is none.
  at::Tensor dequeue();

 private:
  // What the backends do, as the functions without do_ say.
  virtual void do_all_reduce_sum(at::Tensor& x) = 0;
  virtual void do_start_sum(at::Tensor x);
  virtual SumTerms do_finish_sum();
  virtual at::Tensor do_all_gather(const at::Tensor& x, std::int64_t dim) = 0;
  // Only between different ranks.
  virtual void do_all_to_all(const std::vector<at::Tensor>& to, const std::vector<at::Tensor>& from) = 0;
  virtual void do_broadcast(at::Tensor& x, int root) = 0;
  virtual std::pair<at::Tensor, at::Tensor> do_exchange_rows(const at::Tensor& up, const at::Tensor& down) = 0;
  virtual std::vector<at::Tensor> do_gather_to_root(const at::Tensor& x) = 0;

  void count(ExchangeKind kind, double bytes);

  std::deque<at::Tensor> under_way_;
  std::array<Traffic, 4> traffic_;  // by ExchangeKind
};

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
