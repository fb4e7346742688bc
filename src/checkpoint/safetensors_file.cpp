#include "checkpoint/safetensors_file.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "checkpoint/stored_type.h"
#include "core/error.h"

namespace orrery {
namespace {

constexpr std::int64_t kBlockBytes = std::int64_t{16} << 20;
constexpr std::int64_t kSampleBytes = 64;

at::ScalarType readable_type(const std::string& dtype, const std::string& name, const std::filesystem::path& path) {
  const StoredType* const type = find_stored_type(dtype);
  if (type != nullptr && type->loads_as) return *type->loads_as;
  const std::string what = dtype.starts_with("F8_") ? "FP8 (" + dtype + ")" : dtype;
  throw InputError(path.string() + ": tensor " + name + ": " + what +
                   " is not supported: use a revision of the checkpoint in BF16, F16 or F32");
}

// The bytes as a tensor, without a copy where they are aligned. The format does not promise that they are.
at::Tensor as_tensor(const std::byte* data, at::IntArrayRef shape, at::ScalarType dtype) {
  if (reinterpret_cast<std::uintptr_t>(data) % at::elementSize(dtype) == 0) {
    return at::from_blob(const_cast<std::byte*>(data), shape, at::TensorOptions(dtype));
  }
  at::Tensor aligned = at::empty(shape, at::TensorOptions(dtype));
  std::memcpy(aligned.data_ptr(), data, aligned.nbytes());
  return aligned;
}

// Pinned memory lets the device read one block while the host prepares the next; its allocator keeps a block until the
// device is done with it.
void copy_block(at::Tensor into, const at::Tensor& block) {
  if (into.is_cpu()) {
    into.copy_(block);
    return;
  }
  at::Tensor staged = at::empty(block.sizes(), into.options().device(at::kCPU).pinned_memory(true));
  staged.copy_(block);
  into.copy_(staged, /*non_blocking=*/true);
}

}  // namespace

SafetensorsFile::SafetensorsFile(std::filesystem::path path)
    : path_(std::move(path)), file_(path_), entries_(read_safetensors_header(file_, path_)) {}

void SafetensorsFile::copy(const std::string& name, const Slice& slice, at::Tensor into) const {
  const SafetensorsEntry& entry = entries_.at(name);
  const at::ScalarType dtype = readable_type(entry.info.dtype, name, path_);
  if (into.is_meta() || into.numel() == 0) return;  // meta: a model built to audit a checkpoint reads nothing
  std::vector<std::int64_t> shape = entry.info.shape;
  if (shape.empty()) shape = {1};
  if (into.dim() == 0) into = into.view({1});

  const Range rows = slice.dim == 0 && !entry.info.shape.empty() ? slice.range : Range{0, shape[0]};
  const std::int64_t row_bytes = entry.bytes.size / shape[0];
  const std::int64_t step = std::max<std::int64_t>(1, kBlockBytes / row_bytes);
  file_.prefetch({entry.bytes.begin + rows.begin * row_bytes, rows.size * row_bytes});
  for (std::int64_t row = rows.begin; row < rows.end(); row += step) {
    shape[0] = std::min(step, rows.end() - row);
    const Range bytes{entry.bytes.begin + row * row_bytes, shape[0] * row_bytes};
    at::Tensor block = as_tensor(file_.data() + bytes.begin, shape, dtype);
    if (slice.dim != 0) block = block.narrow(slice.dim, slice.range.begin, slice.range.size);
    copy_block(into.narrow(0, row - rows.begin, shape[0]), block);
    file_.release(bytes);
  }
}

std::string_view SafetensorsFile::sample(const std::string& name) const {
  const Range& bytes = entries_.at(name).bytes;
  return {reinterpret_cast<const char*>(file_.data() + bytes.begin),
          static_cast<std::size_t>(std::min(bytes.size, kSampleBytes))};
}

}  // namespace orrery
