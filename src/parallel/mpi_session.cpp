#include "parallel/mpi_session.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>

#include "parallel/check.h"

namespace orrery {
namespace {

using std::chrono::milliseconds;

// Whether no launcher started this process: mpirun, srun and their like leave one of these.
bool is_started_alone() {
  constexpr std::array kMarks{"OMPI_COMM_WORLD_SIZE", "PMIX_NAMESPACE", "PMIX_RANK", "PMI_RANK", "PMI_SIZE"};
  return std::none_of(kMarks.begin(), kMarks.end(), [](const char* mark) { return std::getenv(mark) != nullptr; });
}

// A process without peers needs no network and no daemon: Open MPI looks for the one and starts the other for a quarter
// of a second otherwise. Nor a session folder, which all such processes of a host would share, make and remove at once.
// The user's own settings stay.
void expect_no_peers() {
  ::setenv("OMPI_MCA_ess_singleton_isolated", "1", 0);
  ::setenv("OMPI_MCA_orte_create_session_dirs", "0", 0);
  ::setenv("OMPI_MCA_pml", "ob1", 0);
}

void start_mpi(int& argc, char**& argv) {
  if (is_started_alone()) expect_no_peers();
  // Waiting ranks give their core away when they outnumber the cores: a busy wait would starve the rank they wait for.
  // On a core of one's own the yield returns at once. MPI reads the setting when it starts; the user's own stays.
  ::setenv("OMPI_MCA_mpi_yield_when_idle", "1", 0);
  int provided = MPI_THREAD_SINGLE;
  check_mpi(MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided), "start MPI");
  require(provided >= MPI_THREAD_FUNNELED, "start MPI: this MPI library does not support programs with threads");
}

// Rank 0's turn comes at once, the others' after rank 0's abort has had time to end them, and not all together.
milliseconds patience(int rank) { return rank == 0 ? milliseconds(0) : milliseconds(500 + std::min(20 * rank, 1000)); }

// One write, so that the lines of several ranks do not mix.
void print_error(int rank, std::string_view message) {
  const std::string where = rank == 0 ? "" : "rank " + std::to_string(rank) + ": ";
  const std::string line = "orrery: error: " + where + std::string(message) + "\n";
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

[[noreturn]] void end_job(int exit_code) {
  MPI_Abort(MPI_COMM_WORLD, exit_code);
  std::_Exit(exit_code);
}

}  // namespace

MpiSession::MpiSession(int& argc, char**& argv) {
  start_mpi(argc, argv);
  world_.emplace(MPI_COMM_WORLD);
}

MpiSession::~MpiSession() {
  if (std::uncaught_exceptions() != 0) abort("an exception left the MPI session", 3);
  world_.reset();
  int finalized = 0;
  MPI_Finalized(&finalized);
  if (finalized == 0) MPI_Finalize();
}

void MpiSession::abort(std::string_view message, int exit_code) const {
  const int rank = world_->shard().rank;
  std::this_thread::sleep_for(patience(rank));
  print_error(rank, message);
  end_job(exit_code);
}

void MpiSession::abort(const std::exception& error) const {
  if (dynamic_cast<const PeerRefused*>(&error) != nullptr) {
    std::this_thread::sleep_for(std::chrono::seconds(5));
    end_job(exit_code_of(error));
  }
  abort(message_of(error), exit_code_of(error));
}

int MpiSession::leave(const std::exception& error) const {
  if (world_->shard().size > 1) abort(error);
  print_error(0, message_of(error));
  return exit_code_of(error);
}

}  // namespace orrery
