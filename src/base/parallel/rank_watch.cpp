#include "base/parallel/rank_watch.h"

#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "base/core/host.h"
#include "base/core/pulse.h"

namespace orrery {
namespace {

constexpr double kLeast = 120;     // seconds
constexpr double kManySteps = 10;  // a step may be delayed, but not by that much

std::string also_text(int ranks) {
  if (ranks == 0) return "";
  return fmt::format("; so are {} more, which may wait for it", ranks);
}

std::string words_of(const RankVerdict& verdict) {
  const std::string time = fmt::format("{} s", std::lround(verdict.seconds));
  switch (verdict.loss) {
    case RankLoss::Gone:
      return "is gone: its process has ended";
    case RankLoss::Silent:
      return "has given no sign of life for " + time + ": it is stopped, or its host or network is down";
    case RankLoss::Stuck:
      return "has made no progress for " + time + ": it is stuck in a call, or its GPU is" + also_text(verdict.also);
    case RankLoss::AllWaiting:
      return "has waited for other ranks for " + time + ", as they all have";
  }
  return "";
}

}  // namespace

RankWatch::RankWatch(int ranks, std::optional<double> timeout)
    : timeout_(timeout), ranks_(static_cast<std::size_t>(ranks)) {}

void RankWatch::heard(int rank, const RankSign& sign, double now) {
  Rank& known = ranks_[static_cast<std::size_t>(rank)];
  if (sign.progress != known.sign.progress) known.progress_at = now;
  known.heard_at = now;
  known.sign = sign;
}

void RankWatch::left(int rank, double now) {
  ranks_[static_cast<std::size_t>(rank)].presence = Presence::Left;
  for (Rank& other : ranks_) other.progress_at = now;
}

bool RankWatch::ended(int rank) {
  Rank& known = ranks_[static_cast<std::size_t>(rank)];
  if (!is_there(known)) return false;
  known.presence = Presence::Gone;
  return true;
}

double RankWatch::timeout() const {
  if (timeout_) return *timeout_;
  double longest = 0;
  for (const Rank& rank : ranks_) longest = std::max(longest, rank.sign.longest_step);
  return std::max(kLeast, kManySteps * longest);
}

std::optional<RankVerdict> RankWatch::judge(double now) const {
  const auto gone =
      std::find_if(ranks_.begin(), ranks_.end(), [](const Rank& rank) { return rank.presence == Presence::Gone; });
  if (gone != ranks_.end()) return RankVerdict{static_cast<int>(gone - ranks_.begin()), RankLoss::Gone, 0};
  if (timeout() == 0) return std::nullopt;
  if (const auto verdict = silent(now)) return verdict;
  if (const auto verdict = stuck(now)) return verdict;
  return all_waiting(now);
}

std::optional<RankVerdict> RankWatch::silent(double now) const {
  std::optional<RankVerdict> worst;
  for (std::size_t i = 0; i < ranks_.size(); ++i) {
    const double seconds = now - ranks_[i].heard_at;
    if (!is_there(ranks_[i]) || seconds <= timeout()) continue;
    if (!worst || seconds > worst->seconds) worst = RankVerdict{static_cast<int>(i), RankLoss::Silent, seconds};
  }
  return worst;
}

std::optional<RankVerdict> RankWatch::stuck(double now) const {
  std::optional<RankVerdict> worst;
  int count = 0;
  for (std::size_t i = 0; i < ranks_.size(); ++i) {
    const Rank& rank = ranks_[i];
    const double seconds = now - rank.progress_at;
    if (!is_there(rank) || rank.sign.meeting || seconds <= patience_with(rank)) continue;
    if (!worst || seconds > worst->seconds) worst = RankVerdict{static_cast<int>(i), RankLoss::Stuck, seconds};
    ++count;
  }
  if (worst) worst->also = count - 1;
  return worst;
}

// Names the rank that has waited longest: the others have met elsewhere since it arrived.
std::optional<RankVerdict> RankWatch::all_waiting(double now) const {
  std::optional<RankVerdict> longest;
  for (std::size_t i = 0; i < ranks_.size(); ++i) {
    const Rank& rank = ranks_[i];
    if (!is_there(rank)) continue;
    const double seconds = now - rank.progress_at;
    if (!rank.sign.meeting || seconds <= patience_with(rank)) return std::nullopt;
    if (!longest || seconds > longest->seconds) {
      longest = RankVerdict{static_cast<int>(i), RankLoss::AllWaiting, seconds};
    }
  }
  return longest;
}

int RankWatch::speaker(const RankVerdict& verdict) const {
  // A stuck rank may print its own loss: if it were excluded, two ranks that suspect each other would both print.
  const bool mute = verdict.loss == RankLoss::Gone || verdict.loss == RankLoss::Silent;
  for (std::size_t i = 0; i < ranks_.size(); ++i) {
    const bool lost = mute && static_cast<int>(i) == verdict.rank && ranks_.size() > 1;
    if (is_there(ranks_[i]) && !lost) return static_cast<int>(i);
  }
  return -1;
}

std::string RankWatch::message(const RankVerdict& verdict) const {
  const RankSign& sign = ranks_[static_cast<std::size_t>(verdict.rank)].sign;
  std::string text = fmt::format("rank {}", verdict.rank);
  if (!sign.host.empty()) text.append(" on ").append(sign.host);
  text.append(" ").append(words_of(verdict));
  if (!sign.place.empty()) text.append("; it was at ").append(sign.place);
  if (verdict.loss != RankLoss::Gone) text.append(" (rank timeout)");
  return text + ": the job ends, and the same command goes on from what is on disk";
}

OwnSign::OwnSign() : main_thread_(CLOCK_THREAD_CPUTIME_ID), host_(host_name()) {
  ::pthread_getcpuclockid(::pthread_self(), &main_thread_);
  cpu_before_ = cpu_seconds();
}

double OwnSign::cpu_seconds() const {
  timespec time{};
  ::clock_gettime(main_thread_, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

RankSign OwnSign::take() {
  const PulseReading pulse = read_pulse();
  const double cpu = cpu_seconds();
  if (!pulse.meeting && !pulse.on_gpu) worked_ += cpu - cpu_before_;
  cpu_before_ = cpu;
  RankSign sign;
  sign.progress = pulse.beats + static_cast<std::uint64_t>(std::floor(worked_ * 20));  // steps of 50 ms
  sign.meeting = pulse.meeting;
  sign.stepping = pulse.stepping;
  sign.longest_step = pulse.longest_step;
  sign.host = host_;
  sign.place = pulse.clip.empty() || pulse.phase.empty() ? pulse.clip + pulse.phase : pulse.clip + ", " + pulse.phase;
  return sign;
}

}  // namespace orrery
