#include "base/parallel/comm.h"

#include <c10/util/Exception.h>
#include <mpi.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/core/error.h"
#include "base/core/pulse.h"
#include "base/device/device_memory.h"

namespace orrery {
namespace {

// Polling interval of ranks that wait for rank 0: negligible against the seconds that a decode takes.
constexpr std::chrono::milliseconds kNap(2);

MPI_Comm duplicate(MPI_Comm comm) {
  MPI_Comm copy = MPI_COMM_NULL;
  check_mpi(MPI_Comm_dup(comm, &copy), "duplicate a communicator");
  return copy;
}

// Whether the error is a path that cannot be followed, which is an error of the input, not of the disk.
bool is_unusable_path(const std::exception& error) noexcept {
  const auto* const file = dynamic_cast<const std::filesystem::filesystem_error*>(&error);
  if (file == nullptr) return false;
  const std::error_code& code = file->code();
  return code == std::errc::too_many_symbolic_link_levels || code == std::errc::filename_too_long ||
         code == std::errc::not_a_directory || code == std::errc::permission_denied;
}

int exit_code_of_current() noexcept {
  try {
    throw;
  } catch (const std::exception& error) {
    return exit_code_of(error);
  } catch (...) {
    return 3;
  }
}

}  // namespace

void check_mpi(int code, std::string_view what, std::source_location at) {
  if (code == MPI_SUCCESS) return;
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int length = 0;
  MPI_Error_string(code, text.data(), &length);
  fail(what, {text.data(), static_cast<std::size_t>(length)}, at);
}

int exit_code_of(const std::exception& error) noexcept {
  if (const auto* peer = dynamic_cast<const PeerRefused*>(&error)) return peer->exit_code();
  return dynamic_cast<const InputError*>(&error) != nullptr || is_unusable_path(error) ? 2 : 3;
}

std::string message_of(const std::exception& error) {
  const auto* memory = dynamic_cast<const c10::OutOfMemoryError*>(&error);
  if (memory != nullptr) return out_of_memory_message(memory->what_without_backtrace());
  const auto* torch = dynamic_cast<const c10::Error*>(&error);
  return torch != nullptr ? torch->what_without_backtrace() : error.what();
}

void CommTraits::close(type comm) noexcept {
  // Freeing is collective by the standard: while an exception unwinds, the peers may never come.
  if (std::uncaught_exceptions() == 0) MPI_Comm_free(&comm);
}

Comm::Comm(MPI_Comm comm) : Comm(Owned(duplicate(comm))) {}

Comm::Comm(Owned comm) : comm_(std::move(comm)) {
  check_mpi(MPI_Comm_set_errhandler(comm_.get(), MPI_ERRORS_RETURN), "set the error handler of a communicator");
  check_mpi(MPI_Comm_rank(comm_.get(), &shard_.rank), "ask for my rank");
  check_mpi(MPI_Comm_size(comm_.get(), &shard_.size), "ask for the number of ranks");
}

Comm Comm::split(int color) const {
  const Meeting meeting;
  MPI_Comm group = MPI_COMM_NULL;
  check_mpi(MPI_Comm_split(get(), color, shard_.rank, &group), "split a communicator");
  return Comm(Owned(group));
}

Comm Comm::split_by_node() const {
  const Meeting meeting;
  MPI_Comm node = MPI_COMM_NULL;
  check_mpi(MPI_Comm_split_type(get(), MPI_COMM_TYPE_SHARED, shard_.rank, MPI_INFO_NULL, &node),
            "split a communicator by node");
  return Comm(Owned(node));
}

void Comm::barrier() const {
  const Meeting meeting;
  check_mpi(MPI_Barrier(get()), "wait for all ranks");
}

int Comm::max(int value) const {
  const Meeting meeting;
  check_mpi(MPI_Allreduce(MPI_IN_PLACE, &value, 1, MPI_INT, MPI_MAX, get()), "take the maximum over ranks");
  return value;
}

double Comm::max(double value) const {
  const Meeting meeting;
  check_mpi(MPI_Allreduce(MPI_IN_PLACE, &value, 1, MPI_DOUBLE, MPI_MAX, get()), "take the maximum over ranks");
  return value;
}

std::vector<std::int64_t> Comm::gather_to_root(std::int64_t value) const {
  const Meeting meeting;
  std::vector<std::int64_t> values(is_root() ? static_cast<std::size_t>(shard_.size) : 0);
  check_mpi(MPI_Gather(&value, 1, MPI_INT64_T, values.data(), 1, MPI_INT64_T, 0, get()), "gather a number on rank 0");
  return values;
}

std::string Comm::broadcast(std::string text, int root) const {
  const Meeting meeting;
  auto length = static_cast<std::int64_t>(text.size());
  check_mpi(MPI_Bcast(&length, 1, MPI_INT64_T, root, get()), "broadcast the length of a text");
  text.resize(static_cast<std::size_t>(length));
  for_blocks(length, [&](std::int64_t begin, int count) {
    check_mpi(MPI_Bcast(text.data() + begin, count, MPI_CHAR, root, get()), "broadcast a text");
  });
  return text;
}

int Comm::ranks_with(const std::string& text) const {
  const Meeting meeting;
  using Cut = std::array<char, 64>;
  Cut mine{};
  text.copy(mine.data(), mine.size() - 1);
  std::vector<Cut> all(static_cast<std::size_t>(shard_.size));
  check_mpi(MPI_Allgather(mine.data(), int{sizeof(Cut)}, MPI_CHAR, all.data(), int{sizeof(Cut)}, MPI_CHAR, get()),
            "compare texts of all ranks");
  return static_cast<int>(std::count(all.begin(), all.end(), mine));
}

std::string Comm::first_problem(const std::string& problem) const {
  const int first = -max(problem.empty() ? -shard_.size : -shard_.rank);
  return first == shard_.size ? "" : broadcast(problem, first);
}

void Comm::sleep_until_all_arrive() const {
  const Meeting meeting;
  MPI_Request request = MPI_REQUEST_NULL;
  check_mpi(MPI_Ibarrier(get(), &request), "start to wait for rank 0");
  int done = 0;
  while (done == 0) {
    check_mpi(MPI_Test(&request, &done, MPI_STATUS_IGNORE), "wait for rank 0");
    if (done == 0) std::this_thread::sleep_for(kNap);
  }
}

std::string Comm::bytes_from_root(const std::function<std::string()>& work) const {
  std::exception_ptr error;
  std::string answer(1, '\0');  // one byte: 0, or the exit code of the failure; then the text
  if (is_root()) {
    try {
      answer += work();
    } catch (...) {
      error = std::current_exception();
      answer.front() = static_cast<char>(exit_code_of_current());
    }
  }
  sleep_until_all_arrive();
  answer = broadcast(std::move(answer));
  if (error) std::rethrow_exception(error);
  if (answer.front() != '\0') throw PeerRefused(answer.front());
  return answer.substr(1);
}

}  // namespace orrery
