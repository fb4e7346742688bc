// A job that loses a rank in the way that its arguments name: WAY RANK, 99 for all ranks. watchdog_test sees how it
// ends.
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <functional>
#include <iostream>
#include <map>
#include <string>

#include "base/core/pulse.h"
#include "base/core/stopwatch.h"
#include "base/parallel/mpi_session.h"
#include "told_place.h"

namespace {

using orrery::Comm;

constexpr int kAll = 99;

void sleep_forever() {
  while (true) ::pause();
}

// The job began at step 3 of 35: where it is lost has been told since.
void go_on_to_step(int step) {
  orrery::note_steps(0, step - 1, 35);
  orrery::wait_until_told("clip7, step " + std::to_string(step) + "/35");
}

// Another phase is told at once: of many that follow a sign at least one in less than the half second until the next,
// busy as the machine may be.
void change_phase_often(const Comm&) {
  double shortest = 1e9;
  for (int i = 0; i < 50 && shortest >= 0.25; ++i) {
    const std::string phase = "phase " + std::to_string(i);
    const orrery::Stopwatch telling;
    orrery::note_phase(phase);
    orrery::wait_until_told("clip7, " + phase);
    if (i > 0) shortest = std::min(shortest, telling.seconds());
  }
  orrery::require(shortest < 0.25, "no change of phase was told before the next sign was due");
}

// For four seconds.
void slow_the_launcher() {
  const pid_t launcher = ::getppid();
  ::kill(launcher, SIGSTOP);
  if (::fork() != 0) return;
  ::setsid();
  ::close_range(3, ~0U, 0);  // the watchdog's connections end with the rank
  ::sleep(4);
  ::kill(launcher, SIGCONT);
  ::_exit(0);
}

// The launcher, which would end the others, sees it four seconds later.
void end_badly() {
  slow_the_launcher();
  ::raise(SIGKILL);
}

const std::map<std::string, std::function<void(const Comm&)>> kWays{
    {"finishes", [](const Comm&) {}},
    {"ends_badly", [](const Comm&) {}},
    {"throws", [](const Comm&) { throw orrery::Error("the device fell off"); }},
    {"refuse",
     [](const Comm& world) {
       if (world.is_root()) slow_the_launcher();
       world.barrier();
       throw orrery::InputError("no such grid");
     }},
    {"killed", [](const Comm&) { ::raise(SIGKILL); }},
    {"crashes",
     [](const Comm&) {
       std::signal(SIGSEGV, SIG_DFL);  // also where a sanitizer would report it
       ::raise(SIGSEGV);
     }},
    {"exits", [](const Comm&) { std::_Exit(0); }},
    {"stopped", [](const Comm&) { ::raise(SIGSTOP); }},
    {"stopped_later",
     [](const Comm&) {
       go_on_to_step(6);
       ::raise(SIGSTOP);
     }},
    {"hangs_later",
     [](const Comm&) {
       go_on_to_step(6);
       sleep_forever();
     }},
    {"changes", change_phase_often},
    {"hangs", [](const Comm&) { sleep_forever(); }},
    {"waits", [](const Comm& world) { world.split(0).barrier(); }},
};

}  // namespace

int main(int argc, char** argv) {
  orrery::MpiSession mpi(argc, argv);
  const Comm& world = mpi.world();
  try {
    constexpr double kTimeout = 4;  // seconds
    orrery::note_clip("clip7");
    orrery::note_steps(0, 2, 35);
    if (const std::string problem = mpi.watch_ranks(kTimeout); !problem.empty()) throw orrery::Error(problem);
    world.barrier();
    const int rank = std::stoi(argv[2]);
    if (rank == kAll || world.shard().rank == rank) kWays.at(argv[1])(world);
    world.barrier();
    if (world.is_root()) std::cout << "done" << std::endl;
    if (std::string(argv[1]) == "ends_badly" && world.shard().rank == rank) end_badly();
    return mpi.exit_code(0);
  } catch (const std::exception& error) {
    return mpi.leave(error);
  }
}
