// A job that loses a rank in the way that its arguments name: WAY RANK. watchdog_test sees how it ends.
#include <unistd.h>

#include <csignal>
#include <functional>
#include <iostream>
#include <map>
#include <string>

#include "core/pulse.h"
#include "parallel/mpi_session.h"

namespace {

using orrery::Comm;

void sleep_forever() {
  while (true) ::pause();
}

const std::map<std::string, std::function<void(const Comm&)>> kWays{
    {"finishes", [](const Comm&) {}},
    {"throws", [](const Comm&) { throw orrery::Error("the device fell off"); }},
    {"killed", [](const Comm&) { ::raise(SIGKILL); }},
    {"crashes", [](const Comm&) { ::raise(SIGSEGV); }},
    {"exits", [](const Comm&) { std::_Exit(0); }},
    {"stopped", [](const Comm&) { ::raise(SIGSTOP); }},
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
    if (world.shard().rank == std::stoi(argv[2])) kWays.at(argv[1])(world);
    world.barrier();
    if (world.is_root()) std::cout << "done" << std::endl;
    return mpi.exit_code(0);
  } catch (const std::exception& error) {
    return mpi.leave(error);
  }
}
