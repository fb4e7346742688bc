// A program that fails in the way that its argument names; abort_test watches how the job ends.
#include <functional>
#include <iostream>
#include <map>
#include <string>

#include "base/parallel/mpi_session.h"
#include "base/parallel/process_grid.h"

namespace {

using orrery::Comm;

// The failing rank holds communicators, as the program does; its peers sit in a collective.
void fail_where(const Comm& world, bool here) {
  const Comm group = world.split(0);
  if (here) throw orrery::Error("the device fell off");
  group.barrier();
}

// abort_test's clock starts here.
void say_ready(const Comm& world) {
  world.barrier();
  if (world.is_root()) std::cout << "probe: ready" << std::endl;
}

const std::map<std::string, std::function<void(const Comm&)>> kWays{
    {"nobody", [](const Comm& world) { world.barrier(); }},
    {"last", [](const Comm& world) { fail_where(world, world.shard().rank == world.shard().size - 1); }},
    {"root", [](const Comm& world) { fail_where(world, world.is_root()); }},
    {"all", [](const Comm& world) { fail_where(world, true); }},
    {"grid",
     [](const Comm& world) {
       orrery::ProcessGrid(world, {1, 99});
     }},
    {"from_root",
     [](const Comm& world) {
       world.from_root([]() -> std::string { throw orrery::InputError("manifest:3: no id"); });
     }},
};

void leave_session(int& argc, char**& argv) {
  const orrery::MpiSession mpi(argc, argv);
  say_ready(mpi.world());
  fail_where(mpi.world(), mpi.world().shard().rank == 1);
}

}  // namespace

int main(int argc, char** argv) {
  if (std::string(argv[1]) == "unwind") {
    try {
      leave_session(argc, argv);
    } catch (const std::exception&) {
      return 1;
    }
  }
  const orrery::MpiSession mpi(argc, argv);
  try {
    say_ready(mpi.world());
    kWays.at(argv[1])(mpi.world());
    return 0;
  } catch (const std::exception& error) {
    mpi.abort(error);
  }
}
