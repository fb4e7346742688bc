#include "parallel/nccl_comm.h"

#include <cstring>
#include <string>

namespace orrery {
namespace {

std::string make_unique_id() {
  ncclUniqueId id{};
  check_nccl(ncclGetUniqueId(&id), "make a NCCL id");
  return {id.internal, sizeof id.internal};
}

}  // namespace

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
  check_nccl(ncclCommInitRankConfig(&comm_, size, id, rank, &config),
             "join a NCCL communicator of " + std::to_string(size) + " ranks");
}

NcclComm::~NcclComm() {
  if (std::uncaught_exceptions() == 0) {
    ncclCommDestroy(comm_);
  } else {
    ncclCommAbort(comm_);
  }
}

ncclComm_t NcclComm::get(std::source_location at) const {
  ncclResult_t state = ncclSuccess;
  check_nccl(ncclCommGetAsyncError(comm_, &state), "ask NCCL for late errors", at);
  check_nccl(state, "an earlier collective failed", at);
  return comm_;
}

}  // namespace orrery
