#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/checkpoint/file_reads.h"
#include "io/checkpoint/safetensors_header.h"
#include "io/checkpoint/tensor_reader.h"
#include "io/checkpoint/weight_source.h"

namespace orrery {

// One safetensors file, whose whole header is checked before any tensor is read. Throws InputError.
class SafetensorsFile {
 public:
  // Files that are not read at the same time can share a reader.
  explicit SafetensorsFile(std::filesystem::path path,
                           std::shared_ptr<TensorReader> reader = std::make_shared<TensorReader>());

  const std::filesystem::path& path() const { return file_.path(); }
  std::int64_t size() const { return file_.size(); }
  const std::map<std::string, SafetensorsEntry>& entries() const { return entries_; }
  // WeightSource::copy for a tensor of this file.
  void copy(const std::string& name, const Slice& slice, at::Tensor into) const;
  // The tensor's first bytes as they are stored, at most 64.
  std::string sample(const std::string& name) const;

 private:
  InputFile file_;
  std::map<std::string, SafetensorsEntry> entries_;
  std::shared_ptr<TensorReader> reader_;
};

// One component of a checkpoint (transformer/, vae/, …) from its safetensors files. The index
// diffusion_pytorch_model.safetensors.index.json lists the shards and says which of them holds each tensor; without an
// index, diffusion_pytorch_model.safetensors is the whole component. The constructor reads and checks every header, but
// no weight. Throws InputError naming the folder, index, shard or tensor.
//
// In the 8-bit format of NVIDIA's ModelOpt, a float8_e4m3 tensor MODULE.weight comes with a scalar MODULE.weight_scale,
// and is read as their product. MODULE.input_scale is the factor of the module's inputs in 8 bits. Neither scalar is
// listed by names().
class ShardedCheckpoint : public WeightSource {
 public:
  explicit ShardedCheckpoint(std::filesystem::path folder);

  std::vector<std::string> names() const override;
  const TensorInfo* find(const std::string& name) const override;
  void copy(const std::string& name, const Slice& slice, at::Tensor into) const override;
  std::optional<float> factor(const std::string& name) const override;
  bool is_quantised() const override { return is_quantised_; }
  std::optional<float> input_factor(const std::string& name) const override;
  bool has_input_factors() const override;
  std::string where(const std::string& name) const override;
  // 16 hexadecimal digits over names, dtypes, shapes, file sizes and the first bytes of every tensor. It takes one
  // small read for each tensor, and differs between two trainings of one model.
  std::string fingerprint() const override;
  std::vector<std::filesystem::path> files() const override;

 private:
  void open_index(const std::filesystem::path& index);
  void open_single(const std::filesystem::path& file);
  bool is_float8(const std::string& name) const;
  // Whether `name` is the factor of a float8 tensor.
  bool is_factor(const std::string& name) const;
  // Reads tensor `name`, which must be one positive number.
  float read_factor(const std::string& name) const;

  std::filesystem::path folder_;
  std::shared_ptr<TensorReader> reader_ = std::make_shared<TensorReader>();
  std::deque<SafetensorsFile> files_;  // a deque, since holder_ points into it
  std::map<std::string, const SafetensorsFile*> holder_;
  bool is_quantised_ = false;
};

}  // namespace orrery
