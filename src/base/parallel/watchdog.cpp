#include "base/parallel/watchdog.h"

#include <mpi.h>
#include <pthread.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <future>
#include <memory>
#include <utility>

#include "base/core/error.h"
#include "base/core/pulse.h"
#include "base/parallel/collective_backends.h"
#include "base/parallel/stop_flag.h"

namespace orrery {
namespace {

using std::chrono::milliseconds;

constexpr int kLost = 3;             // exit code
constexpr double kBeat = 0.5;        // seconds between signs
constexpr double kAbortTime = 10;    // given to a rank that ends the job by itself
constexpr double kTellTime = 5;      // given to the rank that tells the user
constexpr double kAfterSignal = 3;   // before a rank gone after a stop signal counts as lost
constexpr double kCleanUpTime = 3;   // given to NCCL's abort, whose GPU may hang
constexpr double kLeaveTime = 2;     // given to the other ranks once they know
constexpr double kTearDownTime = 5;  // given to processes whose work is done

milliseconds in_milliseconds(double seconds) { return milliseconds(static_cast<int>(1000 * std::max(seconds, 0.0))); }

// Runs `work` in a new thread and abandons it when it takes longer than `seconds`.
template <class Work>
void attempt_for(double seconds, Work work) {
  auto done = std::make_shared<std::promise<void>>();
  std::future<void> end = done->get_future();
  std::thread([done, work] {
    work();
    done->set_value();
  }).detach();
  end.wait_for(in_milliseconds(seconds));
}

// Blocks all signals in this thread, so that the main thread gets them.
void block_signals() {
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

bool mpi_can_abort() {
  int finalized = 0;
  MPI_Finalized(&finalized);
  return finalized == 0;
}

PeerPacket word_of(PeerWord word, int code) {
  PeerPacket packet;
  packet.word = word;
  packet.code = code;
  return packet;
}

}  // namespace

Watchdog::Watchdog(const Comm& world, std::optional<double> timeout)
    : Watchdog(world.shard(), connect_peers(world), timeout) {}

Watchdog::Watchdog(Shard world, PeerSockets peers, std::optional<double> timeout)
    : rank_(world.rank),
      problem_(peers.problem),
      watch_(world.size, timeout),
      links_(std::move(peers)),
      clock_(std::chrono::steady_clock::now()) {
  for (int rank = 0; rank < world.size && !problem_.empty(); ++rank) {
    if (rank != rank_) watch_.left(rank, 0);
  }
  links_.send(packet_of(own_.take()));  // so that the host of a rank that is lost at once is known
  thread_ = std::thread([this] {
    block_signals();
    run();
  });
  on_place_change([this] {
    place_changed_ = true;
    links_.wake();
  });
}

Watchdog::~Watchdog() {
  if (thread_.joinable()) take_leave();
}

void Watchdog::announce_end(int code) {
  links_.send(word_of(PeerWord::Ending, code));
  ending_ = code;
}

void Watchdog::take_leave() {
  on_place_change({});
  links_.send(word_of(PeerWord::Farewell, 0));
  leaving_ = true;
  links_.wake();
  thread_.join();
  if (rank_ == 0) {
    all_end_in(kTearDownTime);
  } else {
    links_.leave_open();  // until this process has ended
  }
}

void Watchdog::run() {
  double next_sign = 0;
  while (!leaving_) {
    if (place_changed_.exchange(false) || now() >= next_sign) {
      const RankSign sign = own_.take();
      watch_.heard(rank_, sign, now());
      links_.send(packet_of(sign));
      next_sign = now() + kBeat;
    }
    for (const PeerEvent& event : links_.receive(in_milliseconds(next_sign - now()))) note(event, now());
    if (ending_ >= 0) {
      if (!end_noticed_) end_noticed_ = now();
      if (now() - *end_noticed_ > kAbortTime) std::_Exit(ending_);
      continue;
    }
    const std::optional<RankVerdict> verdict = watch_.judge(now());
    if (!verdict) continue;
    if (done_ >= 0 && verdict->loss == RankLoss::Gone && verdict->rank != 0) end_done();
    if (is_due(*verdict, now())) end_job(*verdict);
  }
}

void Watchdog::note(const PeerEvent& event, double now) {
  if (!event.packet) {
    watch_.ended(event.rank);
    return;
  }
  switch (event.packet->word) {
    case PeerWord::Sign:
      watch_.heard(event.rank, sign_of(*event.packet), now);
      break;
    case PeerWord::Farewell:
      watch_.left(event.rank, now);
      break;
    case PeerWord::Ending:
      watch_.left(event.rank, now);
      if (event.rank == 0) root_ends_ = true;
      ending_ = event.packet->code;
      break;
    case PeerWord::Lost:
      leave_lost(false);
  }
}

bool Watchdog::is_due(const RankVerdict& verdict, double now) {
  if (verdict.loss != RankLoss::Gone || noted_stop_signal() == 0) return true;
  if (!loss_noticed_) loss_noticed_ = now;
  return now - *loss_noticed_ > kAfterSignal;
}

void Watchdog::end_job(const RankVerdict& verdict) {
  forbid_writing();
  const bool speaker = watch_.speaker(verdict) == rank_ || !is_told_in(kTellTime);
  if (speaker) {
    write_error_line(watch_.message(verdict));
    links_.send(word_of(PeerWord::Lost, kLost));
  }
  leave_lost(speaker);
}

void Watchdog::end_done() {
  links_.send(word_of(PeerWord::Farewell, 0));
  std::_Exit(done_);
}

bool Watchdog::is_told_in(double seconds) {
  const double end = now() + seconds;
  while (now() < end) {
    for (const PeerEvent& event : links_.receive(in_milliseconds(std::min(end - now(), kBeat)))) {
      if (event.packet && event.packet->word == PeerWord::Lost) return true;
    }
  }
  return false;
}

bool Watchdog::all_end_in(double seconds) {
  const double end = now() + seconds;
  while (links_.any() && now() < end) links_.receive(in_milliseconds(std::min(end - now(), kBeat)));
  return !links_.any();
}

void Watchdog::leave_lost(bool speaker) {
  forbid_writing();
  attempt_for(kCleanUpTime, abort_gpu_communicators);
  if (speaker && !all_end_in(kLeaveTime) && mpi_can_abort()) {
    attempt_for(kAbortTime, [] { MPI_Abort(MPI_COMM_WORLD, kLost); });
  }
  std::_Exit(kLost);
}

}  // namespace orrery
