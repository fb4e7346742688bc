#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <thread>

#include "base/parallel/peer_links.h"
#include "base/parallel/rank_watch.h"

namespace orrery {

// Ends the job when a rank is lost: when it is gone, stopped, or stuck in a collective or on its GPU. Some launchers
// end a job at once when a process fails, but none notices a process that is stopped or stuck: the other ranks would
// wait until the job's time limit.
//
// A thread on every rank reports to all other ranks over TCP, twice a second and at each change of clip or phase, how
// far its rank is, and judges their reports (rank_watch.h). It uses no MPI, so it works while the main thread waits in
// a collective. When a rank is lost, the lowest of the other ranks prints one line; from then on no rank writes a file,
// NCCL communicators are aborted, and every process ends with exit code 3. MPI_Abort then has the launcher end
// processes that cannot end by themselves, such as stopped ones.
class Watchdog {
 public:
  // `timeout` [s]: as for RankWatch. Call it from the main thread. Collective.
  Watchdog(const Comm& world, std::optional<double> timeout);
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;
  ~Watchdog();

  // Why the ranks cannot watch each other, so that each watches only itself: the same text on all ranks, empty when
  // they can.
  const std::string& problem() const { return problem_; }
  // Announces that this rank ends the job with `code` and prints why. The other ranks wait for that; after ten seconds
  // all processes end in any case.
  void announce_end(int code);
  // Whether rank 0 has called announce_end().
  bool root_ends() const { return root_ends_; }
  // Notes that this rank's work is done, all of it on disk, and its process ends with `code` as soon as MPI lets it. If
  // a rank other than 0 is gone before that (launchers end ranks after a stop signal), this process ends with `code`
  // instead of waiting in MPI for the lost rank.
  void work_is_done(int code) { done_ = code; }
  // Announces that the work is done and this process ends by itself. Rank 0 then waits, for some seconds at most, until
  // the processes of the other ranks have ended, since launchers kill the remaining ones when rank 0 ends with a code
  // other than 0.
  void take_leave();

 private:
  Watchdog(Shard world, PeerSockets peers, std::optional<double> timeout);
  void run();
  void note(const PeerEvent& event, double now);
  double now() { return clock_.seconds(std::chrono::steady_clock::now()); }
  // Whether to act on the verdict now. After a stop signal, launchers end ranks, so a rank that is gone counts as lost
  // only kAfterSignal seconds later.
  bool is_due(const RankVerdict& verdict, double now);
  [[noreturn]] void end_job(const RankVerdict& verdict);
  [[noreturn]] void end_done();
  // Waits up to `seconds` until another rank has told the user; true when one has.
  bool is_told_in(double seconds);
  [[noreturn]] void leave_lost(bool speaker);
  bool all_end_in(double seconds);

  int rank_;
  std::string problem_;
  RankWatch watch_;
  PeerLinks links_;
  OwnSign own_;
  AwakeClock clock_;
  std::atomic<bool> place_changed_{false};  // since the last report
  std::atomic<int> ending_{-1};             // exit code; -1: no rank ends the job
  std::atomic<bool> root_ends_{false};
  std::atomic<int> done_{-1};           // exit code; -1: this rank's work is not done
  std::optional<double> end_noticed_;   // when the thread saw ending_
  std::optional<double> loss_noticed_;  // when the thread saw a rank gone
  std::atomic<bool> leaving_{false};
  std::thread thread_;
};

}  // namespace orrery
