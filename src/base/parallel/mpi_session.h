#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/parallel/comm.h"
#include "base/parallel/watchdog.h"

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

  // From now on the job ends when a rank is lost, see watchdog.h. `timeout` in seconds, as RankWatch takes it. Returns
  // why the ranks cannot watch each other, the same on all; empty: they do. Once, collective.
  std::string watch_ranks(std::optional<double> timeout);
  // What main returns when the work has ended in order with `code`, the same on all ranks: rank 0's is the job's. The
  // others have none, since launchers kill what is left when the first process ends with another than 0.
  int exit_code(int code) const { return world_->is_root() ? code : 0; }

  // Ends the job on all ranks with `exit_code` after the line "orrery: error: MESSAGE" on standard error. Not
  // collective: any number of ranks may call it. A failure that rank 0 shares is told by rank 0 alone: the other ranks
  // wait a moment for its abort to end them before they speak, and then name their rank.
  [[noreturn]] void abort(std::string_view message, int exit_code) const;
  // The same for an exception, with its exit_code_of; PeerRefused leaves the telling to rank 0.
  [[noreturn]] void abort(const std::exception& error) const;
  // How main ends on an exception: alone, the error line and its exit code to return; one of several ranks aborts.
  int leave(const std::exception& error) const;

 private:
  void announce_end(int exit_code) const;

  std::optional<Comm> world_;
  std::unique_ptr<Watchdog> watchdog_;
};

}  // namespace orrery
