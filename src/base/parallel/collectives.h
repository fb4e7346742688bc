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
#include "base/parallel/row_window.h"

namespace orrery {

// The sum over ranks is `own`, or own + other where `other` is defined.
struct SumTerms {
  at::Tensor own;
  at::Tensor other;
};

// Kinds of communication that are counted separately. Other: broadcast, exchange_rows, gather_to_root.
enum class ExchangeKind { Sum, Gather, AllToAll, Other };

// What one rank has sent to the other ranks of its group.
struct Traffic {
  std::int64_t calls = 0;
  double bytes = 0;  // bytes of the algorithm that sends least; a ring for sums
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
  // Replaces x by its sum over the ranks; the bits are the same on every rank. dtypes: float32, float64, int64,
  // bfloat16 and float16 (the last two are summed in float32 on the CPU and rounded once).
  void all_reduce_sum(at::Tensor& x);
  // Starts an asynchronous all-reduce of the matrix `x`, which overlaps what the current stream computes next. At most
  // two are under way; they finish in the order in which they started. Until then `x` must not be touched.
  void start_sum(at::Tensor x);
  // Finishes the oldest all-reduce: the current stream waits for it. The returned terms may be read by work that is
  // queued before the next start_sum(). In a group of two, both ranks see the same two terms, each its own first.
  SumTerms finish_sum() { return do_finish_sum(); }
  // The ranks' tensors joined along `dim` (negative: from the end), in rank order. May be x itself in a group of one.
  at::Tensor all_gather(const at::Tensor& x, std::int64_t dim);
  // Sends to[r] to rank r and fills from[r] with what rank r sends here; each list has an entry for each rank of the
  // group. to[r] of rank s has as many bytes as from[s] of rank r; entries may differ in size and be empty. A rank's
  // entry for itself is copied, unless `to` and `from` share its memory.
  void all_to_all(const std::vector<at::Tensor>& to, const std::vector<at::Tensor>& from);
  // Memory for all-to-alls that overlap computation; windows with different numbers (0 or 1) may have exchanges under
  // way at the same time. Null on all ranks when the group has none; a window's begin() may also find none. The pointer
  // stays valid. Not collective.
  RowWindow* window(int number);
  // Replaces x by the x of rank `root`.
  void broadcast(at::Tensor& x, int root);
  // Sends `up` to rank - 1 and `down` to rank + 1, and returns {what rank - 1 sent down, what rank + 1 sent up}. The
  // first rank has nothing above and the last nothing below: undefined tensors. Shapes and dtype are the same on all
  // ranks; the shape of `up` may differ from that of `down`.
  std::pair<at::Tensor, at::Tensor> exchange_rows(const at::Tensor& up, const at::Tensor& down);
  // Rank 0 gets every rank's tensor, in rank order; the others get nothing. Sizes along dimension 0 may differ; the
  // hosts exchange them, so the ranks wait for each other here, but not for any device.
  std::vector<at::Tensor> gather_to_root(const at::Tensor& x);

  // What this rank has sent since this object was made; zero in a group of one. Not collective.
  const Traffic& traffic(ExchangeKind kind) const { return traffic_[static_cast<std::size_t>(kind)]; }

 protected:
  // Throws Error when two all-reduces are under way.
  void require_turn() const;
  void enqueue(at::Tensor x);
  // Takes the tensor of the oldest all-reduce under way. Throws Error when there is none.
  at::Tensor dequeue();

 private:
  // The backends' implementations of the functions of the same names without do_.
  virtual void do_all_reduce_sum(at::Tensor& x) = 0;
  virtual void do_start_sum(at::Tensor x);
  virtual SumTerms do_finish_sum();
  virtual at::Tensor do_all_gather(const at::Tensor& x, std::int64_t dim) = 0;
  // Without the rank's entries for itself.
  virtual void do_all_to_all(const std::vector<at::Tensor>& to, const std::vector<at::Tensor>& from) = 0;
  virtual RowWindow* do_window(int) { return nullptr; }
  virtual void do_broadcast(at::Tensor& x, int root) = 0;
  virtual std::pair<at::Tensor, at::Tensor> do_exchange_rows(const at::Tensor& up, const at::Tensor& down) = 0;
  virtual std::vector<at::Tensor> do_gather_to_root(const at::Tensor& x) = 0;

  void count(ExchangeKind kind, double bytes);

  std::deque<at::Tensor> under_way_;
  std::array<Traffic, 4> traffic_;  // by ExchangeKind
};

// Interface of Collectives that have several transports for what overlaps computation: which one is in use, in words;
// empty before the first use.
class TellsPaths {
 public:
  virtual ~TellsPaths() = default;
  virtual std::string sum_path() const = 0;     // of start_sum()
  virtual std::string window_path() const = 0;  // of all-to-alls, which need no windows
};

// These paths of `group`; empty when it has only one transport.
std::string sum_path(const Collectives& group);
std::string window_path(const Collectives& group);

}  // namespace orrery
