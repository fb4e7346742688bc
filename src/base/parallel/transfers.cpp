#include "base/parallel/transfers.h"

#include <fmt/format.h>

#include "base/core/pulse.h"
#include "base/parallel/mpi_calls.h"

namespace orrery {
namespace {

constexpr int kTag = 0;

}  // namespace

void Transfers::send(const at::Tensor& x, int to) {
  const auto* bytes = static_cast<const std::byte*>(x.const_data_ptr());
  for_blocks(static_cast<std::int64_t>(x.nbytes()), [&](std::int64_t begin, int count) {
    MPI_Request& request = requests_.emplace_back(MPI_REQUEST_NULL);
    check_mpi(MPI_Isend(bytes + begin, count, MPI_BYTE, to, kTag, comm_, &request),
              fmt::format("send a tensor to rank {}", to));
  });
}

void Transfers::receive(const at::Tensor& x, int from) {
  auto* bytes = static_cast<std::byte*>(x.mutable_data_ptr());
  for_blocks(static_cast<std::int64_t>(x.nbytes()), [&](std::int64_t begin, int count) {
    MPI_Request& request = requests_.emplace_back(MPI_REQUEST_NULL);
    check_mpi(MPI_Irecv(bytes + begin, count, MPI_BYTE, from, kTag, comm_, &request),
              fmt::format("receive a tensor from rank {}", from));
  });
}

void Transfers::wait() {
  const Meeting meeting;
  std::vector<MPI_Status> statuses(requests_.size());
  const int code = MPI_Waitall(static_cast<int>(requests_.size()), requests_.data(), statuses.data());
  requests_.clear();
  if (code == MPI_ERR_IN_STATUS) {
    for (const MPI_Status& status : statuses) check_mpi(status.MPI_ERROR, "exchange tensors with other ranks");
  }
  check_mpi(code, "exchange tensors with other ranks");
}

}  // namespace orrery
