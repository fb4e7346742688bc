#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/parallel/comm.h"
#include "base/parallel/watchdog.h"

namespace orrery {

// Initializes and finalizes MPI: the first object of main and the last to be destroyed. Works under mpirun and srun,
// and without a launcher (one rank). Only the main thread may use MPI.
class MpiSession {
 public:
  // Collective. Removes MPI's own arguments from argv.
  MpiSession(int& argc, char**& argv);
  MpiSession(const MpiSession&) = delete;
  MpiSession& operator=(const MpiSession&) = delete;
  // Finalizes MPI. Collective. While an exception unwinds, it ends the job instead, since the peers may be in a
  // collective.
  ~MpiSession();

  const Comm& world() const { return *world_; }

  // Ends the job from now on when a rank is lost (watchdog.h). `timeout` in seconds, as RankWatch takes it. Returns why
  // the ranks cannot watch each other, the same text on all ranks; empty when they can. Call it once. Collective.
  std::string watch_ranks(std::optional<double> timeout);
  // What main returns when the work has ended normally with `code`, the same on all ranks: `code` on rank 0 and 0 on
  // the others, since launchers kill the remaining processes when the first one ends with another code than 0. From
  // then on this rank's work counts as done (Watchdog::work_is_done).
  int exit_code(int code) const;

  // Prints "orrery: error: MESSAGE" on standard error and ends the job on all ranks with `exit_code`. Not collective:
  // any number of ranks may call it. When rank 0 fails too, only rank 0 prints: the other ranks first wait a moment for
  // its abort to end them, and longer when the watchdog has heard that rank 0 ends the job. If they are still there,
  // they print, with their rank.
  [[noreturn]] void abort(std::string_view message, int exit_code) const;
  // Ends the job for an exception, with its message_of and exit_code_of; for PeerRefused nothing is printed.
  [[noreturn]] void abort(const std::exception& error) const;
  // Ends main on an exception: a single rank prints the error line and returns the exit code; one of several ranks
  // aborts the job.
  int leave(const std::exception& error) const;

 private:
  void announce_end(int exit_code) const;

  std::optional<Comm> world_;
  std::unique_ptr<Watchdog> watchdog_;
};

}  // namespace orrery
