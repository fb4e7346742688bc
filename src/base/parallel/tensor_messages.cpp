#include "base/parallel/tensor_messages.h"

#include <ATen/WrapDimUtils.h>
#include <fmt/format.h>

#include "base/core/error.h"
#include "base/core/pulse.h"
#include "base/parallel/comm.h"

namespace orrery {
namespace {

constexpr int kTag = 0;

}  // namespace

void require_operand(const at::Tensor& x, at::Device device) {
  require(x.defined(), "a collective was given an undefined tensor");
  require(x.device() == device, "a collective on " + device.str() + " was given a tensor on " + x.device().str());
  require(x.is_contiguous(), "a collective was given a tensor that is not contiguous");
}

at::Tensor join_stacked(const at::Tensor& stacked, std::int64_t dim) {
  const std::int64_t wrapped = at::maybe_wrap_dim(dim, stacked.dim() - 1);
  return stacked.movedim(0, wrapped).flatten(wrapped, wrapped + 1).contiguous();
}

at::Tensor empty_stack(const at::Tensor& x, int ranks) {
  require(x.dim() > 0, "all_gather was given a scalar, which has no dimension to join along");
  std::vector<std::int64_t> shape = x.sizes().vec();
  shape.insert(shape.begin(), ranks);
  return at::empty(shape, x.options());
}

std::vector<at::Tensor> empty_for_rows(const at::Tensor& x, const std::vector<std::int64_t>& rows) {
  std::vector<at::Tensor> all{x};
  std::vector<std::int64_t> shape = x.sizes().vec();
  for (std::size_t rank = 1; rank < rows.size(); ++rank) {
    shape[0] = rows[rank];
    all.push_back(at::empty(shape, x.options()));
  }
  return all;
}

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
