#include "support/shared_windows.h"

#include <c10/util/accumulate.h>
#include <mpi.h>

#include <array>
#include <cstring>
#include <utility>
#include <vector>

namespace orrery {
namespace {

// Memory that all ranks of a node can write to.
class SharedBytes {
 public:
  SharedBytes(const Comm& comm, std::int64_t bytes) : of_rank_(static_cast<std::size_t>(comm.shard().size)) {
    void* own = nullptr;
    check_mpi(MPI_Win_allocate_shared(bytes, 1, MPI_INFO_NULL, comm.get(), &own, &window_), "share memory");
    for (std::size_t rank = 0; rank < of_rank_.size(); ++rank) {
      MPI_Aint size = 0;
      int unit = 0;
      check_mpi(MPI_Win_shared_query(window_, static_cast<int>(rank), &size, &unit, &of_rank_[rank]), "find memory");
    }
  }
  SharedBytes(const SharedBytes&) = delete;
  SharedBytes& operator=(const SharedBytes&) = delete;
  ~SharedBytes() { MPI_Win_free(&window_); }

  std::byte* of(int rank) const { return static_cast<std::byte*>(of_rank_[static_cast<std::size_t>(rank)]); }

 private:
  MPI_Win window_ = MPI_WIN_NULL;
  std::vector<void*> of_rank_;
};

class SharedWindow final : public RowWindow {
 public:
  explicit SharedWindow(const Comm& comm) : comm_(comm) {}
  std::int64_t worthwhile_rows() const override { return 2; }

 private:
  at::Tensor do_begin(at::IntArrayRef sizes, std::int64_t most, const at::TensorOptions& options) override {
    require(tensor_.expired(), "a tensor of the exchange before is in use");
    require(c10::multiply_integers(sizes) <= most, "a rank needs more than the one that needs most");
    comm_.barrier();
    const std::int64_t bytes = most * static_cast<std::int64_t>(options.dtype().itemsize());
    if (bytes > bytes_) memory_ = std::make_unique<SharedBytes>(comm_, bytes_ = bytes);
    std::byte* const own = memory_->of(comm_.shard().rank);
    std::memset(own, 0xff, static_cast<std::size_t>(bytes));  // not a number, where nobody writes
    comm_.barrier();
    const auto tensor = std::make_shared<int>();
    tensor_ = tensor;
    return at::for_blob(own, sizes).deleter([tensor](void*) {}).options(options).make_tensor();
  }
  void do_put(int to, const at::Tensor& rows, std::int64_t offset, std::int64_t pitch) override {
    const auto element = static_cast<std::int64_t>(rows.element_size());
    const std::int64_t width = rows.size(1) * element;
    for (std::int64_t i = 0; i < rows.size(0); ++i) {
      std::byte* const place = memory_->of(to) + (offset + i * pitch) * element;
      require(place + width <= memory_->of(to) + bytes_, "a row beyond the other rank's memory");
      std::memcpy(place, rows[i].const_data_ptr(), static_cast<std::size_t>(width));
    }
  }
  void do_finish() override { comm_.barrier(); }

  const Comm& comm_;
  std::int64_t bytes_ = 0;
  std::unique_ptr<SharedBytes> memory_;
  std::weak_ptr<int> tensor_;
};

class WithWindows final : public Collectives {
 public:
  WithWindows(std::unique_ptr<Collectives> group, const Comm& comm)
      : group_(std::move(group)), windows_{SharedWindow(comm), SharedWindow(comm)} {}
  Shard shard() const override { return group_->shard(); }

 private:
  void do_all_reduce_sum(at::Tensor& x) override { group_->all_reduce_sum(x); }
  at::Tensor do_all_gather(const at::Tensor& x, std::int64_t dim) override { return group_->all_gather(x, dim); }
  void do_all_to_all(const std::vector<at::Tensor>& to, const std::vector<at::Tensor>& from) override {
    group_->all_to_all(to, from);
  }
  RowWindow* do_window(int number) override { return &windows_.at(static_cast<std::size_t>(number)); }
  void do_broadcast(at::Tensor& x, int root) override { group_->broadcast(x, root); }
  std::pair<at::Tensor, at::Tensor> do_exchange_rows(const at::Tensor& up, const at::Tensor& down) override {
    return group_->exchange_rows(up, down);
  }
  std::vector<at::Tensor> do_gather_to_root(const at::Tensor& x) override { return group_->gather_to_root(x); }

  std::unique_ptr<Collectives> group_;
  std::array<SharedWindow, 2> windows_;
};

}  // namespace

std::unique_ptr<Collectives> with_windows(std::unique_ptr<Collectives> group, const Comm& comm) {
  if (comm.shard().size == 1) return group;
  return std::make_unique<WithWindows>(std::move(group), comm);
}

}  // namespace orrery
