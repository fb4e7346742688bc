#include <exception>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

#include "app/cli/commands.h"
#include "app/cli/options.h"
#include "app/cli/slurm.h"
#include "app/cli/version.h"
#include "app/commands/commands.h"
#include "base/core/error.h"
#include "base/core/process_setup.h"
#include "base/parallel/device.h"
#include "base/parallel/mpi_session.h"

namespace orrery {
namespace {

// Runs on rank 0 what needs no other rank.
int on_root(const Comm& world, const std::function<void()>& work) {
  world.from_root(work);
  return 0;
}

// Runs a computing command on one rank; work() returns the exit code.
int compute_on_root(const Options& options, const Comm& world, const std::function<int(at::Device, const Log&)>& work) {
  set_threads(world);
  const at::Device device = choose_device(options.device, world);
  return world.from_root([&] { return work(device, Log(options.log_level(), world.shard().rank)); });
}

// The commands whose ranks work together.
constexpr CommandSet kComputing{Command::Run, Command::Decode, Command::Bench, Command::Encode};

void watch_ranks(const Options& options, MpiSession& mpi) {
  const std::string problem = mpi.watch_ranks(options.rank_timeout);
  if (problem.empty() || !mpi.world().is_root()) return;
  Log(options.log_level())
      .warning("the ranks do not watch each other: " + problem +
               "; after the loss of a rank, the job ends only if the launcher ends it");
}

void require_one_job(const Options& options, const Comm& world) {
  const std::string problem = lone_task_problem(options, world.shard().size);
  require_input(problem.empty(), problem);
}

int dispatch(const Options& options, MpiSession& mpi) {
  const Comm& world = mpi.world();
  if (options.help || options.command == Command::Help) {
    return on_root(world, [&] { std::cout << help_text(options.command); });
  }
  if (options.dump_config) return on_root(world, [&] { std::cout << dump_config(options); });
  if (kComputing.contains(options.command)) watch_ranks(options, mpi);
  switch (options.command) {
    case Command::Version:
      return on_root(world, [] { std::cout << version_text(); });
    case Command::Tokens:
      return on_root(world, [&] { print_tokens(options, std::cout); });
    case Command::Plan:
      return on_root(world, [&] { plan(options, std::cout); });
    case Command::Validate:
      return on_root(world, [&] { std::cout << validate(options); });
    case Command::Decode:
      return decode_files(options, world);
    case Command::Inspect:
      return on_root(world, [&] { inspect(options, std::cout); });
    case Command::Compare:
      return world.from_root([&] { return compare(options, std::cout); });
    case Command::Report:
      return on_root(world, [&] { report(options, std::cout); });
    case Command::Completion:
      return on_root(world, [] { std::cout << bash_completion(); });
    case Command::Bench:
      require_one_job(options, world);
      return bench(options, world);
    case Command::Encode:
      return compute_on_root(options, world, [&](at::Device device, const Log& log) {
        encode_file(options, device, log);
        return 0;
      });
    default:
      require_one_job(options, world);
      return run(options, world);
  }
}

// Returns the exit code when all output has been written. Failing to write it is an error, unless the command had one.
int end_of(StandardOutput& out, int exit_code) {
  try {
    out.finish();
  } catch (const Error&) {
    if (exit_code == 0) throw;
  }
  return exit_code;
}

int run_program(int argc, char** argv) {
  MpiSession mpi(argc, argv);
  StandardOutput out;
  try {
    return mpi.exit_code(end_of(out, dispatch(parse_options({argv + 1, argv + argc}), mpi)));
  } catch (const std::exception& error) {
    return mpi.leave(error);
  }
}

}  // namespace
}  // namespace orrery

int main(int argc, char** argv) {
  orrery::open_closed_standard_streams();
  orrery::let_writes_fail();
  return orrery::with_enough_stack([&] { return orrery::run_program(argc, argv); });
}
