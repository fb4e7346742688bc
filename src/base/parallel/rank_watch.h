#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <vector>

namespace orrery {

// A clock that stands still while the process is stopped (by a debugger, or with the whole job by `scontrol suspend`).
// It must be read at least once every kMost seconds: longer gaps between readings count as kMost.
class AwakeClock {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr double kMost = 1;  // seconds

  explicit AwakeClock(Time start) : last_(start) {}
  double seconds(Time now) {
    seconds_ += std::min(std::chrono::duration<double>(now - last_).count(), kMost);
    last_ = now;
    return seconds_;
  }

 private:
  Time last_;
  double seconds_ = 0;
};

// What a rank reports about itself, about twice a second.
struct RankSign {
  std::uint64_t progress = 0;  // changes whenever the rank makes progress
  bool meeting = false;        // it waits for other ranks
  bool stepping = false;       // it denoises and knows how long a step takes
  double longest_step = 0;     // seconds
  std::string host;
  std::string place;  // the clip and the phase, in words; empty: not known
};

// How a rank was lost.
enum class RankLoss {
  Gone,       // its process has ended without a farewell
  Silent,     // no reports from it: it is stopped, or its host or network has failed
  Stuck,      // it is alive, but makes no progress
  AllWaiting  // all ranks wait for each other; this one has waited longest
};

struct RankVerdict {
  int rank = 0;
  RankLoss loss = RankLoss::Gone;
  double seconds = 0;  // without a report, or without progress
  int also = 0;        // other ranks that are stuck: on GPUs, ranks that wait for it in a collective look stuck as well
};

// Judges from the ranks' reports whether the job is lost. Times are in seconds since every rank was there, on a clock
// such as AwakeClock. One object on every rank; it uses neither clocks nor sockets itself.
class RankWatch {
 public:
  // `timeout` [s]: 0 means that only ranks that are gone count as lost; none means ten times the longest step seen, and
  // at least 120 s.
  RankWatch(int ranks, std::optional<double> timeout);

  void heard(int rank, const RankSign& sign, double now);
  // The rank said farewell: from now on it is not watched, and ranks that waited for it do so no longer.
  void left(int rank, double now);
  // The rank's process has ended. Returns true when it had not said farewell.
  bool ended(int rank);

  // The rank through which the job is lost; none while it is not.
  std::optional<RankVerdict> judge(double now) const;
  // The rank that prints the message: the lowest one that is neither gone nor silent; -1 when there is none.
  int speaker(const RankVerdict& verdict) const;
  // The message for the user: "rank 1 on n2 is gone (its process has ended), at clip a, step 3/35: the job ends, …"
  std::string message(const RankVerdict& verdict) const;

  // Seconds allowed without a report, or without progress in denoising steps.
  double timeout() const;
  // Seconds allowed without progress while no step's length is known: during loading, a clip's first step, decoding and
  // writing files.
  double long_timeout() const { return 5 * timeout(); }

 private:
  enum class Presence { There, Left, Gone };
  struct Rank {
    Presence presence = Presence::There;
    RankSign sign;
    double heard_at = 0;
    double progress_at = 0;
  };
  bool is_there(const Rank& rank) const { return rank.presence == Presence::There; }
  double patience_with(const Rank& rank) const { return rank.sign.stepping ? timeout() : long_timeout(); }
  std::optional<RankVerdict> silent(double now) const;
  std::optional<RankVerdict> stuck(double now) const;
  std::optional<RankVerdict> all_waiting(double now) const;

  std::optional<double> timeout_;
  std::vector<Rank> ranks_;
};

// Makes this rank's reports (RankSign) from the process's pulse. On a CPU, the main thread's CPU time outside meetings
// counts as progress too, since a layer may take minutes.
class OwnSign {
 public:
  // Call it from the main thread.
  OwnSign();
  // One thread at a time.
  RankSign take();

 private:
  double cpu_seconds() const;

  clockid_t main_thread_;
  std::string host_;
  double cpu_before_ = 0;
  double worked_ = 0;  // CPU seconds outside meetings
};

}  // namespace orrery
