#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace orrery {

// What a rank tells of itself about twice a second.
struct RankSign {
  std::uint64_t progress = 0;  // changes whenever the rank gets on
  bool meeting = false;        // it waits for other ranks
  bool stepping = false;       // it denoises, and knows how long a step takes
  double longest_step = 0;     // seconds
  std::string host;
  std::string place;  // the clip and the phase, in words; empty: not known
};

// How a rank was lost.
enum class RankLoss {
  Gone,       // its process has ended without taking leave
  Silent,     // no sign of it: it is stopped, or its host or network is
  Stuck,      // it is alive, but does not get on
  AllWaiting  // all ranks wait for each other; this one has waited longest
};

struct RankVerdict {
  int rank = 0;
  RankLoss loss = RankLoss::Gone;
  double seconds = 0;  // without a sign, or without progress
  int also = 0;        // other ranks that are stuck: on GPUs, those that wait for it in a collective look the same
};

// Judges from the ranks' signs whether the job is lost. Times are seconds of one clock that stands still while its
// owner is stopped; it begins at 0, when every rank is there. One object on every rank; knows neither clocks nor
// sockets.
class RankWatch {
 public:
  // `timeout`: in seconds; 0: only ranks that are gone count; none: ten times the longest step seen,
  // and 120 s at least.
  RankWatch(int ranks, std::optional<double> timeout);

  void heard(int rank, const RankSign& sign, double now);
  // The rank took leave: what becomes of its process is nobody's concern. Those that waited for it need not any more.
  void left(int rank, double now);
  // The rank's process has ended. True when it had not taken leave.
  bool ended(int rank);

  // The rank that the job is lost by, if there is one.
  std::optional<RankVerdict> judge(double now) const;
  // Who tells the user: the lowest rank that is there and neither gone nor silent; -1: nobody.
  int speaker(const RankVerdict& verdict) const;
  // "rank 1 on n2 is gone (its process has ended), at clip a, step 3/35: the job ends, …"
  std::string message(const RankVerdict& verdict) const;

  // Without a sign, or without progress in denoising steps.
  double timeout() const;
  // Without progress elsewhere, where there is no such measure: in loading, in a clip's first step, in decoding, in
  // files.
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

}  // namespace orrery
