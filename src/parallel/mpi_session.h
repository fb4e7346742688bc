#pragma once

#include <exception>
#include <optional>
#include <string_view>

#include "parallel/comm.h"

namespace orrery {

// MPI from start to end: the first object of main, and the last to go. Works under mpirun and srun, and alone (one
// rank). Only the main thread may use MPI.
class MpiSession {
 public:
  // Collective. Takes MPI's own arguments, if there are any, out of argv.
  MpiSession(int& argc, char**& argv);
  MpiSession(const MpiSession&) = delete;
  MpiSession& operator=(const MpiSession&) = delete;
  // Finalizes, collective; while an exception unwinds it ends the job instead, since the peers may be in a collective.
  ~MpiSession();

  const Comm& world() const { return *world_; }

  // Ends the job on all ranks with `exit_code` after the line "orrery: error: MESSAGE" on standard error. Not
  // collective: any number of ranks may call it. A failure that rank 0 shares is told by rank 0 alone: the other ranks
  // wait a moment for its abort to end them before they speak, and then name their rank.
  [[noreturn]] void abort(std::string_view message, int exit_code) const;
  // The same for an exception, with its exit_code_of; PeerRefused leaves the telling to rank 0.
  [[noreturn]] void abort(const std::exception& error) const;
  // How main ends on an exception: alone, the error line and its exit code to return; one of several ranks aborts.
  int leave(const std::exception& error) const;

 private:
  std::optional<Comm> world_;
};

}  // namespace orrery
