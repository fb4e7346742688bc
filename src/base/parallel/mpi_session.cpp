#include "base/parallel/mpi_session.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>

#include "base/core/error.h"
#include "base/core/handle.h"
#include "base/core/pulse.h"
#include "base/core/terminal_text.h"
#include "base/parallel/comm.h"

namespace orrery {
namespace {

using std::chrono::milliseconds;

// Whether no launcher started this process: mpirun, srun and similar ones set one of these variables.
bool is_started_alone() {
  constexpr std::array kMarks{"OMPI_COMM_WORLD_SIZE", "PMIX_NAMESPACE", "PMIX_RANK", "PMI_RANK", "PMI_SIZE"};
  return std::none_of(kMarks.begin(), kMarks.end(), [](const char* mark) { return std::getenv(mark) != nullptr; });
}

// Tells Open MPI that this process has no peers. It then neither looks for networks nor starts a daemon, which takes a
// quarter of a second, nor makes a session folder, which all such processes of a host would share, make and remove at
// once. The user's own settings stay.
void expect_no_peers() {
  ::setenv("OMPI_MCA_ess_singleton_isolated", "1", 0);
  ::setenv("OMPI_MCA_orte_create_session_dirs", "0", 0);
  ::setenv("OMPI_MCA_pml", "ob1", 0);
}

void start_mpi(int& argc, char**& argv) {
  if (is_started_alone()) expect_no_peers();
  // Waiting ranks yield their core: with more ranks than cores, a busy wait would starve the rank that they wait for.
  // On a core that nobody else wants, the yield returns at once. MPI reads the setting when it starts; the user's own
  // stays.
  ::setenv("OMPI_MCA_mpi_yield_when_idle", "1", 0);
  int provided = MPI_THREAD_SINGLE;
  check_mpi(MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided), "start MPI");
  require(provided >= MPI_THREAD_FUNNELED, "start MPI: this MPI library does not support programs with threads");
}

// Writes the file by which slurm/common.sh knows that all ranks have met: it restarts a job whose ranks died before.
void leave_start_mark() {
  const char* const file = std::getenv("ORRERY_START_MARK");
  if (file != nullptr) Descriptor(::open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
}

// How long a rank waits before it prints its error: rank 0 not at all; the other ranks, staggered, until rank 0's abort
// has had time to end them.
milliseconds patience(int rank) { return rank == 0 ? milliseconds(0) : milliseconds(1500 + std::min(20 * rank, 1000)); }

void print_error(int rank, std::string_view message) {
  write_error_line((rank == 0 ? "" : fmt::format("rank {}: ", rank)) + printable_lines(message));
}

[[noreturn]] void end_job(int exit_code) {
  MPI_Abort(MPI_COMM_WORLD, exit_code);
  std::_Exit(exit_code);
}

// Waits for the abort of the rank that prints the error to end this process; exits by itself when the launcher is too
// slow.
[[noreturn]] void end_quietly(int exit_code) {
  std::this_thread::sleep_for(std::chrono::seconds(5));
  end_job(exit_code);
}

}  // namespace

MpiSession::MpiSession(int& argc, char**& argv) {
  start_mpi(argc, argv);
  world_.emplace(MPI_COMM_WORLD);
  if (world_->is_root()) leave_start_mark();
}

MpiSession::~MpiSession() {
  if (std::uncaught_exceptions() != 0) abort("an exception left the MPI session", 3);
  world_.reset();
  int finalized = 0;
  MPI_Finalized(&finalized);
  if (finalized == 0) MPI_Finalize();
  if (watchdog_) watchdog_->take_leave();  // here, since a rank may be lost in MPI_Finalize too
}

std::string MpiSession::watch_ranks(std::optional<double> timeout) {
  watchdog_ = std::make_unique<Watchdog>(*world_, timeout);
  return watchdog_->problem();
}

int MpiSession::exit_code(int code) const {
  const int own = world_->is_root() ? code : 0;
  if (watchdog_) watchdog_->work_is_done(own);
  return own;
}

void MpiSession::announce_end(int exit_code) const {
  wait_if_job_is_lost();  // when a rank is lost, that caused this error and has been reported
  if (watchdog_) watchdog_->announce_end(exit_code);
}

void MpiSession::abort(std::string_view message, int exit_code) const {
  const int rank = world_->shard().rank;
  announce_end(exit_code);
  std::this_thread::sleep_for(patience(rank));
  if (watchdog_ && watchdog_->root_ends()) end_quietly(exit_code);
  print_error(rank, message);
  end_job(exit_code);
}

void MpiSession::abort(const std::exception& error) const {
  if (dynamic_cast<const PeerRefused*>(&error) != nullptr) {
    announce_end(exit_code_of(error));
    end_quietly(exit_code_of(error));
  }
  abort(message_of(error), exit_code_of(error));
}

int MpiSession::leave(const std::exception& error) const {
  if (world_->shard().size > 1) abort(error);
  wait_if_job_is_lost();
  print_error(0, message_of(error));
  return exit_code_of(error);
}

}  // namespace orrery
