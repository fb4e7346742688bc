#include "io/checkpoint/safetensors_file.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>
#include <vector>

#include "base/core/error.h"
#include "io/checkpoint/stored_type.h"

namespace orrery {
namespace {

constexpr std::int64_t kSampleBytes = 64;

at::ScalarType readable_type(const std::string& dtype, const std::string& name, const std::filesystem::path& path) {
  const StoredType* const type = find_stored_type(dtype);
  if (type != nullptr && type->loads_as) return *type->loads_as;
  const std::string what = dtype.starts_with("F8_") ? "FP8 (" + dtype + ")" : dtype;
  throw InputError(path.string() + ": tensor " + name + ": " + what +
                   " is not supported: use a revision of the checkpoint in BF16, F16 or F32");
}

// A slice in the file: the dimensions before the cut count the runs, those behind it make them longer.
StridedBytes bytes_of(const SafetensorsEntry& entry, const Slice& slice) {
  const std::vector<std::int64_t>& shape = entry.info.shape;
  if (shape.empty()) return {entry.bytes.begin, entry.bytes.size, entry.bytes.size, 1};
  const std::int64_t rows =
      std::accumulate(shape.begin(), shape.begin() + slice.dim, std::int64_t{1}, std::multiplies<>());
  const std::int64_t stride = entry.bytes.size / rows;
  const std::int64_t one = stride / shape[static_cast<std::size_t>(slice.dim)];
  return {entry.bytes.begin + slice.range.begin * one, slice.range.size * one, stride, rows};
}

}  // namespace

SafetensorsFile::SafetensorsFile(std::filesystem::path path, std::shared_ptr<TensorReader> reader)
    : file_(std::move(path)), entries_(read_safetensors_header(file_)), reader_(std::move(reader)) {}

void SafetensorsFile::copy(const std::string& name, const Slice& slice, at::Tensor into) const {
  const SafetensorsEntry& entry = entries_.at(name);
  const at::ScalarType dtype = readable_type(entry.info.dtype, name, path());
  if (into.is_meta() || into.numel() == 0) return;  // meta: a model built to audit a checkpoint reads nothing
  reader_->read({file_, name, dtype, bytes_of(entry, slice)}, std::move(into));
}

std::string SafetensorsFile::sample(const std::string& name) const {
  const Range bytes{entries_.at(name).bytes.begin, std::min(entries_.at(name).bytes.size, kSampleBytes)};
  std::string sample(static_cast<std::size_t>(bytes.size), '\0');
  file_.read(bytes, reinterpret_cast<std::byte*>(sample.data()), "tensor " + name);
  return sample;
}

}  // namespace orrery
