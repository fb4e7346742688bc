#pragma once

#include <mpi.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <exception>
#include <functional>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/core/error.h"
#include "base/core/handle.h"
#include "base/core/shard.h"

namespace orrery {

// Throws Error "WHAT: MPI's own words (file:line)" unless `code` is MPI_SUCCESS. `what` names the attempt: "split the
// world into tp groups".
void check_mpi(int code, std::string_view what, std::source_location at = std::source_location::current());

// Maximum number of elements of one MPI call, whose counts are ints; longer arrays are sent in pieces.
inline constexpr std::int64_t kMpiBlock = std::int64_t{1} << 30;

// Calls each(begin, count) for the successive pieces of [0, total), each at most `block` long.
template <class Each>
void for_blocks(std::int64_t total, Each each, std::int64_t block = kMpiBlock) {
  for (std::int64_t begin = 0; begin < total; begin += block) {
    each(begin, static_cast<int>(std::min(block, total - begin)));
  }
}

// Rank 0 failed and prints the message; this rank ends with the same exit code and prints nothing.
class PeerRefused : public Error {
 public:
  explicit PeerRefused(int exit_code) : Error("rank 0 failed and says why"), exit_code_(exit_code) {}
  int exit_code() const { return exit_code_; }

 private:
  int exit_code_;
};

// The program's exit code for an error: 2 for InputError and for paths that cannot be followed, rank 0's for
// PeerRefused, 3 for all others.
int exit_code_of(const std::exception& error) noexcept;

struct CommTraits {
  using type = MPI_Comm;
  static type null() noexcept { return MPI_COMM_NULL; }
  static void close(type comm) noexcept;
};

// The message that the user gets for an exception: without the C++ backtrace in LibTorch's errors, and with advice when
// GPU memory was short.
std::string message_of(const std::exception& error);

// A communicator that this object owns. Every member below is_root() is collective.
// Must be destroyed before the MpiSession. Errors throw Error with MPI's own words.
class Comm {
 public:
  // A private duplicate of `comm`, with MPI_ERRORS_RETURN. Collective.
  explicit Comm(MPI_Comm comm);

  MPI_Comm get() const { return comm_.get(); }
  Shard shard() const { return shard_; }
  bool is_root() const { return shard_.rank == 0; }

  // Ranks with the same color (>= 0) form a group, in the order of their ranks here.
  Comm split(int color) const;
  // Groups the ranks of each node.
  Comm split_by_node() const;
  void barrier() const;
  int max(int value) const;
  double max(double value) const;
  // Rank 0 gets every rank's value, in rank order; the others get nothing.
  std::vector<std::int64_t> gather_to_root(std::int64_t value) const;
  // The text of rank `root`, on every rank. Any bytes.
  std::string broadcast(std::string text, int root = 0) const;
  // How many ranks passed the same `text`, this one included. Only the first 63 bytes are compared.
  int ranks_with(const std::string& text) const;
  // The problem of the lowest rank that has one, on every rank; empty when none has.
  std::string first_problem(const std::string& problem) const;
  // Runs `work` on rank 0 alone and sends its result to every rank: a text, a trivially copyable value, or nothing.
  // When `work` throws, rank 0 rethrows and the other ranks throw PeerRefused. The waiting ranks sleep, so that rank 0
  // can use their cores.
  template <class Work>
  auto from_root(const Work& work) const {
    using Result = std::invoke_result_t<Work>;
    if constexpr (std::is_void_v<Result>) {
      bytes_from_root([&] {
        work();
        return std::string();
      });
    } else if constexpr (std::is_convertible_v<Result, std::string>) {
      return bytes_from_root(work);
    } else {
      static_assert(std::is_trivially_copyable_v<Result>);
      const std::string bytes = bytes_from_root([&] {
        const Result made = work();
        return std::string(reinterpret_cast<const char*>(&made), sizeof made);
      });
      Result result;
      std::memcpy(&result, bytes.data(), sizeof result);
      return result;
    }
  }

 private:
  using Owned = UniqueHandle<CommTraits>;
  explicit Comm(Owned comm);
  void sleep_until_all_arrive() const;
  std::string bytes_from_root(const std::function<std::string()>& work) const;

  Owned comm_;
  Shard shard_;
};

}  // namespace orrery
