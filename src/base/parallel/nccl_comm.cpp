#include "base/parallel/nccl_comm.h"

#include <fmt/format.h>

#include <cstring>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/core/pulse.h"
#include "base/parallel/collective_backends.h"

namespace orrery {
namespace {

std::string make_unique_id() {
  ncclUniqueId id{};
  check_nccl(ncclGetUniqueId(&id), "make a NCCL id");
  return {id.internal, sizeof id.internal};
}

// The NCCL communicators of this process, so that abort_gpu_communicators() can find them from another thread.
class Living {
 public:
  void add(ncclComm_t comm) {
    const std::lock_guard lock(mutex_);
    comms_.push_back(comm);
  }
  // Returns false when `comm` has been removed already.
  bool remove(ncclComm_t comm) {
    const std::lock_guard lock(mutex_);
    return std::erase(comms_, comm) != 0;
  }
  std::vector<ncclComm_t> take_all() {
    const std::lock_guard lock(mutex_);
    return std::exchange(comms_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<ncclComm_t> comms_;
};

Living living;

}  // namespace

void abort_gpu_communicators() noexcept {
  for (ncclComm_t comm : living.take_all()) ncclCommAbort(comm);
}

void check_nccl(ncclResult_t code, std::string_view what, std::source_location at) {
  if (code == ncclSuccess || code == ncclInProgress) return;
  const std::string detail = ncclGetLastError(nullptr);
  fail(what, ncclGetErrorString(code) + (detail.empty() ? "" : ": " + detail), at);
}

NcclComm::NcclComm(const Comm& comm) {
  const std::string bytes = comm.from_root(make_unique_id);
  ncclUniqueId id{};
  std::memcpy(id.internal, bytes.data(), sizeof id.internal);
  ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
  config.blocking = 1;
  const auto [rank, size] = comm.shard();
  const Meeting meeting;
  check_nccl(ncclCommInitRankConfig(&comm_, size, id, rank, &config),
             fmt::format("join a NCCL communicator of {} ranks", size));
  living.add(comm_);
}

NcclComm::~NcclComm() {
  if (!living.remove(comm_)) return;
  const Meeting meeting;
  if (std::uncaught_exceptions() == 0) {
    ncclCommDestroy(comm_);
  } else {
    ncclCommAbort(comm_);
  }
}

ncclComm_t NcclComm::get(std::source_location at) const {
  beat();
  wait_if_job_is_lost();  // the communicator may have been aborted
  ncclResult_t state = ncclSuccess;
  check_nccl(ncclCommGetAsyncError(comm_, &state), "ask NCCL for late errors", at);
  check_nccl(state, "an earlier collective failed", at);
  return comm_;
}

}  // namespace orrery
