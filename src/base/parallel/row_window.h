#pragma once

#include <ATen/ATen.h>

#include <cstdint>

namespace orrery {

struct Traffic;

// Memory of each rank of a group into which the other ranks write rows while all of them compute: an all-to-all whose
// parts are sent as soon as they are computed. An exchange is: begin(), any number of put(), finish(), in this order
// on every rank. Errors throw Error.
class RowWindow {
 public:
  RowWindow() = default;
  RowWindow(const RowWindow&) = delete;
  RowWindow& operator=(const RowWindow&) = delete;
  virtual ~RowWindow() = default;

  // Begins an exchange and returns the memory for it: a tensor of `sizes`, into which the other ranks write. `most` is
  // the number of elements on the rank that needs most. The memory is free for the next exchange when the last tensor
  // that shares it is gone, which must be before that begins. Undefined on all ranks when one of them lacks the memory.
  // Waits for the device when `most` is larger than before. Collective.
  at::Tensor begin(at::IntArrayRef sizes, std::int64_t most, const at::TensorOptions& options) {
    return do_begin(sizes, most, options);
  }
  // Sends `rows` (count, width), whose rows are contiguous, to rank `to`: row i to element `offset` + i · `pitch` of
  // its memory. `rows` must not change before finish(). Not collective.
  void put(int to, const at::Tensor& rows, std::int64_t offset, std::int64_t pitch);
  // The current stream waits until the rows of all ranks have arrived. Collective.
  void finish();
  // The fewest rows that are worth a put() of their own: the kernels that compute them still fill a GPU.
  virtual std::int64_t worthwhile_rows() const { return 2048; }

 private:
  friend class Collectives;
  virtual at::Tensor do_begin(at::IntArrayRef sizes, std::int64_t most, const at::TensorOptions& options) = 0;
  virtual void do_put(int to, const at::Tensor& rows, std::int64_t offset, std::int64_t pitch) = 0;
  virtual void do_finish() = 0;

  Traffic* traffic_ = nullptr;
};

}  // namespace orrery
