#include "io/checkpoint/safetensors_files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/core/error.h"
#include "base/core/file.h"
#include "base/core/file_content.h"
#include "io/checkpoint/shard_index.h"
#include "io/checkpoint/weight_source.h"

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

// The bytes of a slice in the file: the dimensions before the cut give the number of runs, those after it their length.
StridedBytes bytes_of(const SafetensorsEntry& entry, const Slice& slice) {
  const std::vector<std::int64_t>& shape = entry.info.shape;
  if (shape.empty()) return {entry.bytes.begin, entry.bytes.size, entry.bytes.size, 1};
  const std::int64_t rows =
      std::accumulate(shape.begin(), shape.begin() + slice.dim, std::int64_t{1}, std::multiplies<>());
  const std::int64_t stride = entry.bytes.size / rows;
  const std::int64_t one = stride / shape[static_cast<std::size_t>(slice.dim)];
  return {entry.bytes.begin + slice.range.begin * one, slice.range.size * one, stride, rows};
}

namespace fs = std::filesystem;

constexpr const char* kSingle = "diffusion_pytorch_model.safetensors";
constexpr const char* kIndex = "diffusion_pytorch_model.safetensors.index.json";

constexpr std::string_view kWeight = ".weight";
constexpr const char* kFactor = "_scale";  // appended to the name of the tensor
constexpr std::string_view kWeightFactor = ".weight_scale";
constexpr std::string_view kInputFactor = ".input_scale";

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

ShardedCheckpoint::ShardedCheckpoint(fs::path folder) : folder_(std::move(folder)) {
  require_input(is_folder(folder_), folder_.string() + ": no such folder: a checkpoint has one for each component");
  if (is_there(folder_ / kIndex)) {
    open_index(folder_ / kIndex);
  } else {
    require_input(is_there(folder_ / kSingle),
                  folder_.string() + ": neither " + kIndex + " nor " + kSingle + " is here");
    open_single(folder_ / kSingle);
  }
  is_quantised_ =
      std::any_of(holder_.begin(), holder_.end(), [this](const auto& held) { return is_float8(held.first); });
}

void ShardedCheckpoint::open_single(const fs::path& file) {
  const SafetensorsFile& opened = files_.emplace_back(file, reader_);
  for (const auto& [name, entry] : opened.entries()) holder_.emplace(name, &opened);
}

void ShardedCheckpoint::open_index(const fs::path& index) {
  std::map<std::string, const SafetensorsFile*> opened;
  for (const auto& [tensor, shard] : read_shard_index(index)) {
    const SafetensorsFile*& file = opened[shard];
    if (file == nullptr) {
      const fs::path path = folder_ / shard;
      require_input(is_there(path), path.string() + ": no such file, but " + index.string() + " puts tensor " + tensor +
                                        " there: is the download complete?");
      file = &files_.emplace_back(path, reader_);
    }
    require_input(file->entries().contains(tensor),
                  file->path().string() + ": tensor " + tensor + " is not here, but " + index.string() + " says so");
    holder_.emplace(tensor, file);
  }
}

std::vector<std::string> ShardedCheckpoint::names() const {
  std::vector<std::string> result;
  for (const auto& [name, file] : holder_) {
    if (!is_factor(name)) result.push_back(name);
  }
  return result;
}

const TensorInfo* ShardedCheckpoint::find(const std::string& name) const {
  const auto found = holder_.find(name);
  return found == holder_.end() ? nullptr : &found->second->entries().at(name).info;
}

void ShardedCheckpoint::copy(const std::string& name, const Slice& slice, at::Tensor into) const {
  const std::optional<float> factor = this->factor(name);
  holder_.at(name)->copy(name, slice, into);
  if (factor && into.scalar_type() != at::kFloat8_e4m3fn)
    into.copy_(into.to(at::kFloat).mul_(*factor));  // float32, so that the factor is not rounded
}

bool ShardedCheckpoint::is_float8(const std::string& name) const {
  const TensorInfo* const info = find(name);
  return info != nullptr && info->dtype == "F8_E4M3";
}

bool ShardedCheckpoint::is_factor(const std::string& name) const {
  for (const std::string_view suffix : {kWeightFactor, kInputFactor}) {
    if (name.ends_with(suffix)) return is_float8(name.substr(0, name.size() - suffix.size()).append(kWeight));
  }
  return false;
}

std::optional<float> ShardedCheckpoint::factor(const std::string& name) const {
  if (!is_float8(name)) return std::nullopt;
  const std::string factor = name + kFactor;
  const TensorInfo* const info = find(factor);
  require_input(
      info != nullptr && name.ends_with(kWeight),
      fmt::format("{}: tensor {}: FP8 (F8_E4M3) without {} beside it is not supported: expected a checkpoint as "
                  "NVIDIA's ModelOpt writes it, or a revision in BF16, F16 or F32",
                  where(name), name, factor));
  return read_factor(factor);
}

float ShardedCheckpoint::read_factor(const std::string& name) const {
  const TensorInfo& info = *find(name);
  require_input(info.shape.empty() || info.shape == std::vector<std::int64_t>{1},
                fmt::format("{}: tensor {}: found shape [{}], expected one number", where(name), name,
                            fmt::join(info.shape, ", ")));
  const at::Tensor number = at::empty(info.shape, at::kFloat);
  holder_.at(name)->copy(name, {0, {0, 1}}, number);
  const auto value = number.item<float>();
  require_input(std::isfinite(value) && value > 0,
                fmt::format("{}: tensor {}: found {}, expected a positive number", where(name), name, value));
  return value;
}

std::optional<float> ShardedCheckpoint::input_factor(const std::string& name) const {
  if (!is_float8(name) || !name.ends_with(kWeight)) return std::nullopt;
  const std::string factor = name.substr(0, name.size() - kWeight.size()) + std::string(kInputFactor);
  return find(factor) == nullptr ? std::nullopt : std::optional(read_factor(factor));
}

bool ShardedCheckpoint::has_input_factors() const {
  return std::any_of(holder_.begin(), holder_.end(),
                     [this](const auto& held) { return held.first.ends_with(kInputFactor) && is_factor(held.first); });
}

std::string ShardedCheckpoint::where(const std::string& name) const {
  const auto found = holder_.find(name);
  if (found != holder_.end()) return found->second->path().string();
  return (files_.size() == 1 ? files_.front().path() : folder_).string();
}

std::vector<fs::path> ShardedCheckpoint::files() const {
  std::vector<fs::path> paths;
  for (const SafetensorsFile& file : files_) paths.push_back(file.path());
  return paths;
}

std::string ShardedCheckpoint::fingerprint() const {
  std::string text;
  for (const auto& [name, file] : holder_) {
    const TensorInfo& info = file->entries().at(name).info;
    text += name + ' ' + info.dtype;
    for (const std::int64_t extent : info.shape) text += fmt::format(" {}", extent);
    text += file->sample(name) + '\n';
  }
  for (const SafetensorsFile& file : files_)
    text += fmt::format("{} {}\n", file.path().filename().string(), file.size());
  return checksum(text.data(), text.size()).substr(0, 16);
}

}  // namespace orrery
