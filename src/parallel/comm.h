#pragma once

#include <mpi.h>

#include <functional>
#include <string>

#include "core/error.h"
#include "core/shard.h"

namespace orrery {

// Rank 0 refused the input and has the message; this rank leaves with the same exit code and says nothing.
class PeerRefused : public Error {
 public:
  PeerRefused() : Error("rank 0 refused the input") {}
};

// A communicator that this object owns (the world's is borrowed). Every member below shard() is collective.
// Must be destroyed before the MpiSession. Errors throw Error with MPI's own words.
class Comm {
 public:
  // A private duplicate of `comm`, with MPI_ERRORS_RETURN. Collective.
  explicit Comm(MPI_Comm comm);
  Comm(Comm&& other) noexcept;
  Comm& operator=(Comm&& other) noexcept;
  ~Comm();

  MPI_Comm get() const { return comm_; }
  Shard shard() const { return shard_; }
  bool is_root() const { return shard_.rank == 0; }

  // Ranks with the same color form a group, in the order of their ranks here.
  Comm split(int color) const;
  // Ranks of the same node.
  Comm split_by_node() const;
  void barrier() const;
  int max(int value) const;
  // Rank 0's text, on every rank.
  std::string broadcast(std::string text) const;
  // Runs `work` on rank 0 alone and gives its result to every rank. When it throws there, rank 0 rethrows and the other
  // ranks throw PeerRefused.
  std::string from_root(const std::function<std::string()>& work) const;

 private:
  MPI_Comm comm_ = MPI_COMM_NULL;
  Shard shard_;
};

}  // namespace orrery
